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
    let variables =
        ["XDG_STATE_HOME", "VIRTUAL_ENV", "SCALER_WM_TEST_CONSENT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    for variable in variables {
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
    for (arguments, name) in [
        (&["--help"][..], "help.txt"),
        (&["baremetal_native", "--help"], "baremetal_native.txt"),
        (&["aws_raw_ecs", "--help"], "aws_raw_ecs.txt"),
        (&["orb_aws_ec2", "--help"], "orb_aws_ec2.txt"),
        (&["aws_hpc", "--help"], "aws_hpc.txt"),
        (&["symphony", "--help"], "symphony.txt"),
        (&["external", "--help"], "external.txt"),
        (&["up", "--help"], "up.txt"),
        (&["config", "--help"], "config.txt"),
        (&["config", "init", "--help"], "config_init.txt"),
        (&["config", "init", "baremetal_native"], "init_baremetal_native.txt"),
        #[cfg(feature = "manual")]
        (&["completions", "--help"], "completions.txt"),
        #[cfg(feature = "simulate")]
        (&["simulate", "--help"], "simulate.txt"),
        #[cfg(feature = "simulate")]
        (&["record", "--help"], "record.txt"),
        #[cfg(feature = "control")]
        (&["ctl", "--help"], "ctl.txt"),
        #[cfg(feature = "control")]
        (&["ctl", "limits", "--help"], "ctl_limits.txt"),
        #[cfg(feature = "top")]
        (&["top", "--help"], "top.txt"),
        (&["doctor", "--help"], "doctor.txt"),
        (&["preflight", "--help"], "preflight.txt"),
        (&["preflight", "symphony", "--help"], "preflight_symphony.txt"),
        (&["policy", "--help"], "policy.txt"),
        (&["policy", "check", "--help"], "policy_check.txt"),
        (&["policy", "eval", "--help"], "policy_eval.txt"),
        (&["policy", "replay", "--help"], "policy_replay.txt"),
    ] {
        let output = run(folder.path(), arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let said = text(&output.stdout);
        let columns = if arguments[0] == "config" { 100 } else { 80 };
        let wide: Vec<&str> = said.lines().filter(|line| line.chars().count() > columns).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        assert!(!said.contains('\u{1b}'), "colours without a terminal");
        // Which types are in it is told of each build by itself, below.
        if cfg!(feature = "default") {
            expect(name, &said.replace(NOT_BUILT, ""));
        }
    }
}

/// The mark of a type that a build does not have.
const NOT_BUILT: &str = " (not in this build)";

#[test]
fn types_that_a_build_does_not_have_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let help = text(&run(folder.path(), &["--help"]).stdout);
    for (name, is_built) in [
        ("baremetal_native", cfg!(feature = "native")),
        ("aws_raw_ecs", cfg!(feature = "ecs")),
        ("orb_aws_ec2", cfg!(feature = "ec2")),
        ("aws_hpc", cfg!(feature = "batch")),
        ("symphony", cfg!(feature = "symphony")),
        ("external", cfg!(feature = "external")),
    ] {
        let line = help.lines().find(|line| line.trim_start().starts_with(&format!("{name} "))).unwrap();
        assert_eq!(line.ends_with(NOT_BUILT), !is_built, "{line}");
    }
}

#[test]
fn what_a_build_does_not_have_is_said_with_what_brings_it() {
    let folder = tempfile::tempdir().unwrap();
    for (command, is_built) in [("ctl", cfg!(feature = "control")), ("top", cfg!(feature = "top"))] {
        let output = run(folder.path(), &[command]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(said.contains("needs the feature `"), !is_built, "{said}");
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
        &["oci_hpc"],
        &["aws_hpc", ADDRESS, "-q", "x", "-d", "y"],
        &["aws_hpc", ADDRESS, "-q", "x", "-d", "y", "--s3-bucket", "z", "--s3-prefix", "None"],
        &["symphony", ADDRESS, "-sn", "x", "--soam-session-priority", "20000"],
        &["orb_aws_ec2", ADDRESS, "--aws-region", "us-east-1"],
        &["orb_aws_ec2", ADDRESS, "--image-id", "ami-1"],
        &["orb_aws_ec2", ADDRESS, "--orb-url", "http://127.0.0.1:9"],
        &["orb_aws_ec2", ADDRESS, "--orb-url", "http://127.0.0.1:9", "--orb-template-id", "x", "--key-name", "k"],
        &["orb_aws_ec2", ADDRESS, "--aws-region", "us-east-1", "--image-id", "ami-1", "--python-version", "3.12"],
        &["aws_raw_ecs", ADDRESS, "--ecs-subnets", ","],
        &["baremetal_native", ADDRESS, "--mode", "fixed", "-mtc", "-1"],
        &["baremetal_native", ADDRESS, "-tc", "cert.pem"],
        &["up"],
        &["up", "missing.toml"],
        &["config"],
        &["config", "init", "schedular"],
        &["policy"],
        &["policy", "evaluate"],
        &["policy", "check"],
        &["policy", "check", "-pc", "allocate=even_load"],
        &["policy", "eval", "-pc", "allocate=even_load; scaling=vanila"],
        &["policy", "check", "-et", "waterfall", "-pc", "1,local"],
        &["policy", "replay", "-et", "waterfall_v1", "-pc", "1,local,many"],
        &["baremetal_native"],
        &["baremetal_native", "127.0.0.1:8516"],
        &["baremetal_native", "tls://127.0.0.1:8516", "--tls-pin", "beef"],
        &["baremetal_native", "tls://127.0.0.1:8516", "--tls-ca", "ca.pem", "--tls-skip-verify"],
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

/// A whole file with something wrong in it: each message names file, line, key and what to do.
#[test]
fn what_is_wrong_in_a_whole_file_is_said_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let native = format!("[[worker_manager]]\ntype = \"baremetal_native\"\nscheduler_address = \"{ADDRESS}\"\n");
    let ec2 = native.replace("baremetal_native", "orb_aws_ec2") + "aws_region = \"us-east-1\"\n";
    let scheduler = "[scheduler]\nbind_address = \"tcp://127.0.0.1:8516\"\n";
    let storage = "object_storage_address = \"tcp://127.0.0.1:8517\"\n";
    let mut said = String::new();
    for text_of_file in [
        "",
        "# nothing\n\n[top]\n",
        "[scheduler]\nbind_address = \"tcp://127.0.0.1:8516\nx = 1",
        "[schedular]\nbind_address = \"tcp://127.0.0.1:8516\"",
        "[gui]\n\n[whatever]\n",
        "scheduler = 3",
        "[[scheduler]]\nbind_address = \"tcp://127.0.0.1:8516\"",
        scheduler,
        &format!("{scheduler}{storage}bind_adress = \"tcp://127.0.0.1:1\""),
        &format!("{scheduler}{storage}load_balance_seconds = 0"),
        &format!("{scheduler}{storage}client_timeout_seconds = 0"),
        &format!("{scheduler}{storage}tls_key = \"key.pem\""),
        "[object_storage_server]\nbind_address = \"127.0.0.1:8517\"",
        "[gui]\nmonitor_address = \"tcp://127.0.0.1:8518\"\ngui_address = \"50001\"",
        "[[worker_manager]]\nscheduler_address = \"tcp://127.0.0.1:8516\"",
        "[[worker_manager]]\ntype = \"baremetal\"",
        "[[worker_manager]]\ntype = \"baremetal_native\"",
        &format!("{native}max_task_concurrency = -2"),
        &format!("{native}mode = \"static\""),
        &format!("{native}mode = \"fixed\"\nmax_task_concurrency = -1"),
        &format!("{native}worker_manager_id = \"\""),
        &format!("{native}worker_manager_id = \"a\"\n{native}worker_manager_id = \"a\""),
        &format!("{native}state_dir = \"a\"\n{native}state_dir = \"a\""),
        &format!("{native}per_worker_capabilities = \"gpu=many\""),
        &ec2,
        &format!("{ec2}image_id = \"ami-1\"\nrequirements_txt = \"r.txt\""),
        &format!("{ec2}image_id = \"ami-1\"\ninstance_tags = \"Name\""),
        &format!("{ec2}image_id = \"ami-1\"\npython_version = 3.12"),
        &format!("{native}policy_source = \"local\""),
        &format!("{native}policy_source = \"local\"\npolicy_content = \"allocate=even_load; scaling=vanila\""),
        &format!(
            "[policy]\npolicy_source = \"local\"\npolicy_engine_type = \"waterfall\"\npolicy_content = \"1,a\"\n{native}"
        ),
        &format!("[policy]\npolicy_contents = \"1,a\"\n{native}"),
        &format!("{native}mode = \"fixed\"\npolicy_source = \"local\"\npolicy_content = \"x\""),
        "[policy]\npolicy_source = \"local\"",
    ] {
        fs::write(folder.path().join("config.toml"), text_of_file).unwrap();
        let shown = run(folder.path(), &["config", "show", "config.toml"]);
        assert_eq!(shown.status.code(), Some(2), "{text_of_file}: {shown:?}");
        // Starting it says the same.
        let started = run(folder.path(), &["up", "config.toml"]);
        assert_eq!((started.status.code(), text(&started.stderr)), (Some(2), text(&shown.stderr)));
        said += &format!("# config.toml\n{text_of_file}\n{}\n", text(&shown.stderr));
    }
    expect("whole_files.txt", &said);
}

#[test]
fn a_fresh_file_is_right_as_it_is_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    for section in
        ["baremetal_native", "aws_raw_ecs", "aws_hpc", "symphony", "scheduler", "object_storage_server", "gui"]
    {
        let file = format!("{section}.toml");
        let written = run(folder.path(), &["config", "init", section, &file]);
        assert!(written.status.success(), "{written:?}");
        let shown = run(folder.path(), &["config", "show", &file]);
        assert!(shown.status.success() && shown.stderr.is_empty(), "{section}: {shown:?}");
        let again = run(folder.path(), &["config", "init", section, &file]);
        assert_eq!(again.status.code(), Some(2));
        assert!(text(&again.stderr).contains("name a file that is not there yet"), "{again:?}");
    }
}

#[test]
fn a_flag_goes_before_every_key_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let native = format!("[[worker_manager]]\ntype = \"baremetal_native\"\nscheduler_address = \"{ADDRESS}\"\n");
    fs::write(folder.path().join("f.toml"), format!("{native}max_task_concurrency = 1\n{native}")).unwrap();
    let shown = run(folder.path(), &["config", "show", "f.toml", "-mtc", "7"]);
    assert_eq!(text(&shown.stdout).matches("\"max_task_concurrency\": 7,").count(), 2, "{shown:?}");
    let stray = run(folder.path(), &["config", "show", "f.toml", "--gui-address", "x:1"]);
    assert_eq!(text(&stray.stderr), "error: --gui-address: no section of f.toml has this option\n");
}

#[test]
fn a_policy_for_all_managers_gives_way_to_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let native = format!("[[worker_manager]]\ntype = \"baremetal_native\"\nscheduler_address = \"{ADDRESS}\"\n");
    let policy = "[policy]\npolicy_source = \"local\"\npolicy_content = \"allocate=even_load; scaling=vanilla\"\n";
    fs::write(folder.path().join("f.toml"), format!("{policy}{native}policy_source = \"scheduler\"\n{native}"))
        .unwrap();
    let shown = text(&run(folder.path(), &["config", "show", "f.toml"]).stdout);
    assert_eq!(
        ["\"policy_source\": \"scheduler\"", "\"policy_source\": \"local\""].map(|line| shown.matches(line).count()),
        [1, 1]
    );
    fs::write(folder.path().join("one.toml"), format!("{policy}{native}")).unwrap();
    let one = text(&run(folder.path(), &["config", "show", "baremetal_native", "-c", "one.toml"]).stdout);
    assert!(one.contains("\"policy_source\": \"local\""), "{one}");
}

#[test]
fn secrets_are_hidden_wherever_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["config", "show", "aws_raw_ecs", ADDRESS, "--ecs-subnets", "s", "--aws-access-key-id", "AKIAX"];
    let shown = scaler_wm(folder.path()).args(arguments).env("AWS_SECRET_ACCESS_KEY", "hunter2").output().unwrap();
    let said = format!("{shown:?}");
    assert!(shown.status.success() && !said.contains("hunter2") && !said.contains("AKIAX"), "{said}");
    assert_eq!(text(&shown.stdout).matches("(hidden)").count(), 2, "{said}");
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
    assert!(text(&allowed.stderr).contains("warning: config.toml:4: zzz"), "{allowed:?}");
    assert!(text(&allowed.stderr).contains("/nonexistent/python"), "{allowed:?}");
}
