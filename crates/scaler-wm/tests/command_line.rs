//! What the program says: its help, word for word, and what is wrong with a command line or a file. Nothing is started.
#![cfg(feature = "native")]
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

const ADDRESS: &str = "tcp://127.0.0.1:9";

fn scaler_wm(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scaler-wm"));
    command.current_dir(folder).env("HOME", folder).stdin(Stdio::null());
    for variable in ["XDG_STATE_HOME", "VIRTUAL_ENV", "SCALER_WM_TEST_CONSENT"] {
        command.env_remove(variable);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    scaler_wm(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Compares with a file in `tests/expected`; `UPDATE_EXPECTED=1` writes it instead.
fn expect(name: &str, said: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, said).unwrap();
    }
    let wanted = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(said, wanted, "{name} differs; UPDATE_EXPECTED=1 takes it over");
}

#[test]
fn help_is_as_recorded_and_fits_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, name) in [(&["--help"][..], "help.txt"), (&["baremetal_native", "--help"], "baremetal_native.txt")]
    {
        let output = run(folder.path(), arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let said = text(&output.stdout);
        let wide: Vec<&str> = said.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        assert!(!said.contains('\u{1b}'), "colours without a terminal");
        // The list of types is that of a build; the default one is recorded.
        if cfg!(feature = "default") {
            expect(name, &said);
        }
    }
}

#[test]
fn without_arguments_it_helps_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &[]);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true));
    assert!(text(&output.stderr).contains("Usage: scaler-wm TYPE"));
}

/// Every message with the command line or file that it answers.
#[test]
fn what_is_wrong_is_said_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = String::new();
    for arguments in [
        &["baremetal_nativ"][..],
        &["aws_hpc"],
        &["baremetal_native"],
        &["baremetal_native", "127.0.0.1:8516"],
        &["baremetal_native", "tls://127.0.0.1:8516"],
        &["baremetal_native", ADDRESS, "--max-task-concurency", "2"],
        &["baremetal_native", ADDRESS, "-mtx", "2"],
        &["baremetal_native", ADDRESS, "--m", "2"],
        &["baremetal_native", ADDRESS, "-mtc", "many"],
        &["baremetal_native", ADDRESS, "-mtc", "-2"],
        &["baremetal_native", ADDRESS, "-sdc", "-1"],
        &["baremetal_native", ADDRESS, "-el", "curio"],
        &["baremetal_native", ADDRESS, "-pwc", "gpu=two"],
        &["baremetal_native", ADDRESS, "-c", "missing.toml"],
        &["baremetal_native", ADDRESS, "-lp", "missing/folder/log"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        said += &format!("$ scaler-wm {}\n{}\n", arguments.join(" "), text(&output.stderr));
    }
    for keys in [
        "a = [",
        "[scheduler]\nbind_address = \"x\"",
        "[[worker_managers]]\ntype = \"baremetal_native\"",
        "[[worker_manager]]\nio_threads = 1",
        "[[worker_manager]]\ntype = \"symphony\"",
        "[[worker_manager]]\ntype = \"baremetal_native\"\n[[worker_manager]]\ntype = \"baremetal_native\"",
        "worker_manager = 3",
        "[worker_manager]\ntype = \"baremetal_native\"\nmax_task_concurency = 2",
        "[worker_manager]\ntype = \"baremetal_native\"\nnum_of_workers = 2",
        "[worker_manager]\ntype = \"baremetal_native\"\nmax-task-concurrency = 2.5",
        "[worker_manager]\ntype = \"baremetal_native\"\nio_threads = true",
        "[worker_manager]\ntype = \"baremetal_native\"\nhard_processor_suspend = 1",
        "[worker_manager]\ntype = \"baremetal_native\"\nlogging_paths = [\"a\", 1]",
        "[worker_manager]\ntype = \"baremetal_native\"\nper_worker_capabilities = { gpu = 1 }",
        "[worker_manager]\ntype = \"baremetal_native\"\npreload = 2026-01-01",
    ] {
        fs::write(folder.path().join("config.toml"), keys).unwrap();
        let output = run(folder.path(), &["baremetal_native", "-c", "config.toml"]);
        assert_eq!(output.status.code(), Some(2), "{keys}: {output:?}");
        said += &format!("# config.toml\n{keys}\n{}\n", text(&output.stderr));
    }
    expect("messages.txt", &said);
}

#[test]
fn a_second_process_with_the_same_id_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    // An interpreter that never answers, so that the first manager keeps the lock; it says that it runs, and ends with
    // the manager that started it.
    let python = folder.path().join("python");
    fs::write(&python, "#!/bin/sh\necho started >&3\nexec tail -f /dev/null --pid=$PPID\n").unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o700)).unwrap();
    let fifo = folder.path().join("started");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();

    let start = "exec \"$0\" \"$@\" 3>started";
    let mut first = Command::new("/bin/sh")
        .args(["-c", start, env!("CARGO_BIN_EXE_scaler-wm"), "baremetal_native", ADDRESS, "-wmi", "m"])
        .args(["--python", python.to_str().unwrap()])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env_remove("XDG_STATE_HOME")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(fs::File::open(&fifo).unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");

    let arguments = ["baremetal_native", ADDRESS, "-wmi", "m", "--python", "/nonexistent/python"];
    let refused = run(folder.path(), &arguments);
    let said = text(&refused.stderr);
    let holder = format!("process {} runs a manager with the same id `m`", first.id());
    assert!(refused.status.code() == Some(2) && said.contains(&holder), "{said}");
    // Another id has another folder, and so gets further.
    let other = run(folder.path(), &["baremetal_native", ADDRESS, "-wmi", "n", "--python", "/nonexistent/python"]);
    assert!(text(&other.stderr).contains("/nonexistent/python"), "{other:?}");

    // Told to stop, it ends although the interpreter hangs, and its lock goes with it.
    let pid = rustix::process::Pid::from_child(&first);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(first.wait().unwrap().success());
    let next = text(&run(folder.path(), &arguments).stderr);
    assert!(next.contains("/nonexistent/python"), "the lock outlives its process: {next}");
}

#[test]
fn log_lines_can_be_json_in_several_places() {
    let folder = tempfile::tempdir().unwrap();
    let end = ["--python", "/nonexistent/python", "-lp", "/dev/stdout", "log.jsonl", "--log-format", "json"];
    let output = run(folder.path(), &[&["baremetal_native", ADDRESS][..], &end].concat());
    let said = text(&output.stdout);
    let line = said.lines().next().unwrap();
    assert!(line.starts_with('{') && line.contains("\"manager\":\"baremetal_native-"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("log.jsonl")).unwrap(), said);
}

#[test]
fn unknown_keys_only_warn_when_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("[worker_manager]\ntype = \"baremetal_native\"\nscheduler_address = \"{ADDRESS}\"\nzzz = 1\n");
    fs::write(folder.path().join("config.toml"), file).unwrap();
    let arguments = ["baremetal_native", "-c", "config.toml", "--python", "/nonexistent/python"];
    let refused = text(&run(folder.path(), &arguments).stderr);
    assert!(refused.contains("config.toml:4: zzz: no such key"), "{refused}");
    let allowed = run(folder.path(), &[&arguments[..], &["--allow-unknown-keys"]].concat());
    assert!(text(&allowed.stdout).contains("config.toml:4: zzz"), "{allowed:?}");
    assert!(text(&allowed.stderr).contains("/nonexistent/python"), "{allowed:?}");
}
