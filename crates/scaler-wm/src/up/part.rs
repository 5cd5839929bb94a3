//! One part that runs: a command of the package, or a manager of ours in a thread.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use scaler_wm_core::control::{self, Control, Seat};
use scaler_wm_python::FOR_THIS_PROCESS_ALONE;
use tokio::{
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tracing::Dispatch;

use super::{
    command::PartCommand,
    lines::{Tail, pass_on},
};
use crate::{cli::BECOME, config::ManagerConfig, exit::Failure, manage};

/// How long the last lines of a command that has ended may take to arrive.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How a part ended.
#[derive(Debug)]
pub(super) enum End {
    /// In its own time, with nothing wrong.
    Clean,
    /// With something wrong: what it was, and the last lines that it printed.
    Bad(String, String),
    /// It never began, as what is there does not do: what is wrong, and what to do about it.
    Refused(String),
}

/// What a part can be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tell {
    /// To put its things away and end.
    Stop,
    /// To end at once.
    Kill,
}

/// A part that runs. Its end is told through the channel that it was started with.
#[derive(Debug)]
pub(super) struct Running {
    tell: mpsc::UnboundedSender<Tell>,
    /// The process of a command.
    pub(super) pid: Option<u32>,
    /// The control of a manager.
    pub(super) control: Option<Control>,
}

impl Running {
    /// Tells it; one that has ended hears nothing.
    pub(super) fn tell(&self, tell: Tell) {
        let _ = self.tell.send(tell);
    }

    /// Starts a command. It does not outlive this process, whatever becomes of that; must be called on a thread that
    /// stays as long as this process.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn command(
        command: &PartCommand,
        prefix: String,
        ended: impl FnOnce(End) + 'static,
    ) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let signal = if command.holds_resources { Signal::TERM } else { Signal::KILL };
        let mut command_line = Command::new("/proc/self/exe");
        for name in FOR_THIS_PROCESS_ALONE {
            command_line.env_remove(name);
        }
        let child = command_line
            .arg0("scaler-wm")
            .args([BECOME, &std::process::id().to_string(), &signal.as_raw().to_string()])
            .arg(&command.program)
            .args(&command.arguments)
            .envs(command.environment.iter().map(|(name, value)| (name, value)))
            // What it prints goes through a pipe, and must not wait there until a buffer is full.
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            // A terminal's Ctrl-C is for this process, which then stops its parts one by one.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (tail, is_over) = pass_on(reader, prefix)?;
        let (tell, told) = mpsc::unbounded_channel();
        let pid = child.id();
        tokio::task::spawn_local(async move {
            let end = attend(child, told).await;
            drop(timeout(LAST_LINES, is_over).await);
            ended(end_of(end, &tail));
        });
        Ok(Self { tell, pid, control: None })
    }

    /// Starts a manager, in a thread with a log of its own. It begins when `begin` is over.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn manager(
        config: ManagerConfig,
        dispatch: Dispatch,
        begin: watch::Receiver<bool>,
        ended: impl FnOnce(End) + 'static,
    ) -> io::Result<Self> {
        let (tell, mut told) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let (control, seat) = control::pair(config.manager.clone());
        let managed = control.clone();
        let (over, is_over) = oneshot::channel();
        thread::Builder::new().name(config.manager.to_string()).spawn(move || {
            let outcome = tracing::dispatcher::with_default(&dispatch, || run(&config, begin, stopped, managed, seat));
            // Nobody waits any more when this process ends at once.
            let _ = over.send(outcome);
        })?;
        tokio::task::spawn_local(async move {
            // Either word stops it: what it holds back, it says when it ends.
            let hear = async move {
                let _ = told.recv().await;
                let _ = stop.send(());
            };
            let hearing = tokio::task::spawn_local(hear);
            let end = match is_over.await {
                Ok(Ok(())) => End::Clean,
                Ok(Err(Failure::Usage(problem))) => End::Refused(problem),
                Ok(Err(failure)) => End::Bad(failure.text(), String::new()),
                Err(_) => End::Bad("its thread panicked".to_owned(), String::new()),
            };
            hearing.abort();
            ended(end);
        });
        Ok(Self { tell, pid: None, control: Some(control) })
    }
}

/// Runs a manager on this thread.
fn run(
    config: &ManagerConfig,
    mut begin: watch::Receiver<bool>,
    stopped: oneshot::Receiver<()>,
    control: Control,
    seat: Seat,
) -> Result<(), Failure> {
    manage::introduce(config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    // A stack that goes away instead of saying go stops it as well.
    let begin = async move { drop(begin.wait_for(|begins| *begins).await) };
    runtime.block_on(manage::manage(config, begin, stopped, control, seat))
}

/// Waits for a command's end, and passes on what it is told.
async fn attend(mut child: Child, mut told: mpsc::UnboundedReceiver<Tell>) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            // Cancel safe by contract.
            status = child.wait() => return status,
            // Cancel safe: a channel's receiver loses nothing.
            Some(tell) = told.recv() => {
                // Not reaped yet, so that its number is nobody else's.
                let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
                let sent = match (tell, pid) {
                    (Tell::Stop, Some(pid)) => kill_process(pid, Signal::TERM),
                    (Tell::Kill, Some(pid)) => kill_process_group(pid, Signal::KILL),
                    (_, None) => Ok(()),
                };
                if let Err(error) = sent {
                    tracing::debug!(%error, "a part has ended already");
                }
            }
        }
    }
}

fn end_of(status: io::Result<ExitStatus>, tail: &Tail) -> End {
    let how = match status {
        Ok(status) if status.success() => return End::Clean,
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => status.to_string(),
        },
        Err(error) => error.to_string(),
    };
    End::Bad(how, tail.indented())
}
