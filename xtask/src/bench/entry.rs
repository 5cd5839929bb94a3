//! The command line and the full stack.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use scaler_wm_tests::{Failure, LATEST, Ports, Result, UpStack, Venv, is_listening, memory_of};

use super::{cases::median, report::Row};

/// Runs of a command that is over at once.
const QUICK_RUNS: usize = 21;
/// Starts of a full stack.
const STARTS: usize = 5;
/// The names of the managers.
const MANAGERS: [&str; 2] = ["one", "two"];

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
    /// The same until it says so itself, as it does to systemd at that instant; the released command says nothing.
    ready: f64,
    /// Proportional memory of everything, then.
    memory: u64,
}

pub(crate) fn measure(binary: &Path) -> Result<Measured> {
    let stack = UpStack::new(LATEST)?;
    let file = stack.write("stack.toml", &whole(&stack))?;
    let help = quick(binary, &["--help".as_ref()])?;
    let show = quick(binary, &["config".as_ref(), "show".as_ref(), file.as_os_str()])?;
    drop(stack);
    eprintln!("help {help:.4} s, config show {show:.4} s");

    // By turns, so that neither has the machine to itself when it is quieter.
    let (mut ours, mut released) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(start(true, |venv, file| {
            let mut command = Command::new(binary);
            command.arg("up").arg(file).arg("--python").arg(venv.python());
            command
        })?);
        released.push(start(false, |venv, file| {
            let mut command = Command::new(venv.program("scaler"));
            command.arg(file);
            command
        })?);
    }
    eprintln!("ours {ours:.3?}, released {released:.3?}");
    Ok(Measured { help, show, ours: middle(&ours), released: middle(&released) })
}

fn middle(starts: &[Started]) -> Started {
    let mut memory: Vec<u64> = starts.iter().map(|start| start.memory).collect();
    memory.sort_unstable();
    let of = |figure: fn(&Started) -> f64| median(starts.iter().map(figure).collect());
    Started { up: of(|start| start.up), ready: of(|start| start.ready), memory: memory[memory.len() / 2] }
}

/// The median time of a command that is over at once.
fn quick(binary: &Path, arguments: &[&OsStr]) -> Result<f64> {
    let run = || {
        let began = Instant::now();
        let status = Command::new(binary).args(arguments).stdout(Stdio::null()).status();
        let took = began.elapsed().as_secs_f64();
        match status {
            Ok(status) if status.success() => Ok(took),
            other => Err(Failure::new(format!("run scaler-wm {arguments:?}"), format!("{other:?}"))),
        }
    };
    let times: Vec<f64> = (0..QUICK_RUNS).map(|_| run()).collect::<Result<_>>()?;
    Ok(median(times))
}

/// Object storage, scheduler, two managers of local workers, GUI.
fn whole(stack: &UpStack) -> String {
    let managers = MANAGERS.map(|id| stack.manager_section(id, 2, ""));
    [stack.core_and(&managers.concat()), stack.gui_section()].concat()
}

/// Starts a stack of its own with the command that is made of a virtual environment and the stack's file, waits until
/// it is up, and says so if it is one that does, and stops it.
fn start(says_so: bool, command: impl FnOnce(&Venv, &Path) -> Command) -> Result<Started> {
    let stack = UpStack::new(LATEST)?;
    let file = stack.write("stack.toml", &whole(&stack))?;
    let Ports { scheduler, storage, monitor } = stack.ports();
    let began = Instant::now();
    let up = stack.start(&mut command(stack.venv(), &file))?;
    let (mut is_up, mut is_ready) = (None, None);
    let (took, ready) = stack.until("everything up", 60.0, || {
        let now = began.elapsed().as_secs_f64();
        let listen = [storage, scheduler, monitor, stack.gui_port()].into_iter().all(is_listening);
        let is_connected =
            |id: &str| !up.output().lines_with(&[&format!("WorkerManager b'{id}' connected")]).is_empty();
        if listen && MANAGERS.into_iter().all(is_connected) {
            is_up.get_or_insert(now);
        }
        if !says_so || up.says(&["everything is up"]) {
            is_ready.get_or_insert(now);
        }
        is_up.zip(is_ready)
    })?;
    let memory = stack.processes().iter().map(|process| memory_of(process.pid).proportional).sum();
    up.terminate();
    stack.until_nothing_left(30.0)?;
    Ok(Started { up: took, ready, memory })
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
        Row::alone(
            "full stack, start until `scaler-wm up` says that it is ready, to people and to systemd",
            ours.ready,
            "s",
            "not slower than Python's everything up",
            ours.ready <= released.up,
        ),
        Row::beside(
            "proportional memory of all processes of that stack",
            (mb(ours.memory), mb(released.memory)),
            "MB",
            ("", true),
        ),
    ]
}
