//! The command line and the full stack.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use scaler_wm_tests::{Failure, LogFile, Ports, Process, Result, Venv, descendants, is_listening, memory_of, until};

use super::{cases::median, report::Row};

/// Runs of a command that is over at once.
const QUICK_RUNS: usize = 21;
/// Starts of a full stack.
const STARTS: usize = 5;

/// Times in seconds, memory in bytes.
#[derive(Debug)]
pub(crate) struct Measured {
    help: f64,
    show: f64,
    ours: Started,
    released: Started,
}

#[derive(Clone, Copy, Debug)]
struct Started {
    /// From the start of the command until every part listens and both managers are connected.
    up: f64,
    /// Proportional memory of everything, then.
    memory: u64,
}

pub(crate) fn measure(binary: &Path, venv: &Venv) -> Result<Measured> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let file = folder.path().join("stack.toml");
    let file_name = file.display().to_string();
    write_stack(&file, Ports::reserve()?, Ports::reserve()?.scheduler)?;
    let help = quick(binary, &["--help"])?;
    let show = quick(binary, &["config", "show", &file_name])?;
    eprintln!("help {help:.4} s, config show {show:.4} s");

    // By turns, so that neither has the machine to itself when it is quieter.
    let (mut ours, mut released) = (Vec::new(), Vec::new());
    for round in 0..STARTS {
        let mut command = Command::new(binary);
        command.args(["up", &file_name, "--python"]).arg(venv.python());
        ours.push(start("scaler-wm up", command, &file, &folder.path().join(format!("ours-{round}.log")), venv)?);
        let mut command = Command::new(venv.program("scaler"));
        command.arg(&file_name);
        released.push(start("scaler", command, &file, &folder.path().join(format!("released-{round}.log")), venv)?);
    }
    eprintln!("ours {ours:.3?}, released {released:.3?}");
    Ok(Measured { help, show, ours: middle(&ours), released: middle(&released) })
}

fn middle(starts: &[Started]) -> Started {
    let mut memory: Vec<u64> = starts.iter().map(|start| start.memory).collect();
    memory.sort_unstable();
    Started { up: median(starts.iter().map(|start| start.up).collect()), memory: memory[memory.len() / 2] }
}

/// The median time of a command that is over at once.
fn quick(binary: &Path, arguments: &[&str]) -> Result<f64> {
    let run = || {
        let began = Instant::now();
        let status = Command::new(binary).args(arguments).stdout(Stdio::null()).status();
        let took = began.elapsed().as_secs_f64();
        match status {
            Ok(status) if status.success() => Ok(took),
            other => Err(Failure::new(format!("run scaler-wm {}", arguments.join(" ")), format!("{other:?}"))),
        }
    };
    let times: Vec<f64> = (0..QUICK_RUNS).map(|_| run()).collect::<Result<_>>()?;
    Ok(median(times))
}

/// Object storage, scheduler, two managers of local workers, GUI.
fn write_stack(file: &Path, ports: Ports, gui: u16) -> Result<()> {
    let Ports { scheduler, storage, monitor } = ports;
    let manager = |id: &str| {
        format!(
            "[[worker_manager]]\ntype = \"baremetal_native\"\nscheduler_address = \"tcp://127.0.0.1:{scheduler}\"\n\
             worker_manager_id = \"{id}\"\nmax_task_concurrency = 2\n\n"
        )
    };
    let text = format!(
        "[object_storage_server]\nbind_address = \"tcp://127.0.0.1:{storage}\"\n\n\
         [scheduler]\nbind_address = \"tcp://127.0.0.1:{scheduler}\"\n\
         object_storage_address = \"tcp://127.0.0.1:{storage}\"\n\
         monitor_address = \"tcp://127.0.0.1:{monitor}\"\n\n{}{}\
         [gui]\nmonitor_address = \"tcp://127.0.0.1:{monitor}\"\ngui_address = \"127.0.0.1:{gui}\"\n",
        manager("one"),
        manager("two"),
    );
    fs::write(file, text).map_err(|error| Failure::new(format!("write {}", file.display()), error))
}

/// Starts a stack on ports of its own, waits until it is up, and stops it.
fn start(name: &str, mut command: Command, file: &Path, log: &Path, venv: &Venv) -> Result<Started> {
    let (ports, gui) = (Ports::reserve()?, Ports::reserve()?.scheduler);
    write_stack(file, ports, gui)?;
    let home = file.parent().unwrap_or(file);
    command.env("HOME", home).env_remove("XDG_STATE_HOME").env("VIRTUAL_ENV", venv.folder());
    command.env("PYTHONUNBUFFERED", "1");
    let log = LogFile::new(log);
    let began = Instant::now();
    let mut process = Process::start(name, &mut command, log.clone())?;
    let up = until("everything up", 60.0, || {
        let listen = [ports.storage, ports.scheduler, ports.monitor, gui].into_iter().all(is_listening);
        let connected = |id: &str| !log.lines_with(&[&format!("WorkerManager b'{id}' connected")]).is_empty();
        (listen && connected("one") && connected("two")).then(|| began.elapsed().as_secs_f64())
    })
    .map_err(|failure| failure.with_context(log.tail(40)))?;
    let family = descendants(process.pid());
    let memory: u64 =
        family.iter().map(|process| process.pid).chain([process.pid()]).map(|pid| memory_of(pid).proportional).sum();
    process.terminate();
    process.wait(30.0)?;
    until("nothing left", 10.0, || {
        family.iter().all(|left| !Path::new(&format!("/proc/{}", left.pid)).exists()).then_some(())
    })?;
    Ok(Started { up, memory })
}

#[expect(clippy::cast_precision_loss, reason = "sizes of memory are far below 2^52")]
pub(crate) fn rows(measured: &Measured) -> Vec<Row> {
    let Measured { help, show, ours, released } = measured;
    let mb = |bytes: u64| bytes as f64 / 1e6;
    vec![
        Row::alone("`scaler-wm --help`", help * 1e3, "ms", "under 10 ms", *help < 0.01),
        Row::alone("`config show` of a full stack", show * 1e3, "ms", "under 20 ms", *show < 0.02),
        Row::beside(
            "full stack with two managers and GUI, start to everything up",
            (ours.up, released.up),
            "s",
            ("not slower", ours.up <= released.up),
        ),
        Row::beside(
            "proportional memory of all its processes then",
            (mb(ours.memory), mb(released.memory)),
            "MB",
            ("", true),
        ),
    ]
}
