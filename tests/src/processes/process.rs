//! One child process of the harness with its log.

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Failure, LogFile, Result, until};

/// A running child. It is killed when this is dropped.
///
/// It stays in the group of the program that started it: Ctrl-C at a terminal reaches them all, so that nothing is left
/// even when the test runner dies without cleaning up.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: LogFile,
}

impl Process {
    /// Starts `command`; what it prints goes to `log`.
    ///
    /// # Errors
    /// When the log cannot be made or the program cannot be started.
    pub fn start(name: &str, command: &mut Command, log: LogFile) -> Result<Self> {
        let errors = log.clone();
        Self::start_apart(name, command, log, &errors)
    }

    /// Starts `command`; what it prints on standard output goes to `log`, on standard error to `errors`.
    pub(crate) fn start_apart(name: &str, command: &mut Command, log: LogFile, errors: &LogFile) -> Result<Self> {
        let open = |log: &LogFile| File::options().create(true).append(true).open(log.path());
        let mut start = || {
            let (out, err) = (open(&log)?, open(errors)?);
            command.stdin(Stdio::null()).stdout(out).stderr(err).spawn()
        };
        let child = start().map_err(|error| Failure::new(format!("start the {name}"), error))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// What it printed.
    pub fn log(&self) -> &LogFile {
        &self.log
    }

    /// Its exit status when it has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it still runs after `seconds`.
    pub fn wait(&mut self, seconds: f64) -> Result<ExitStatus> {
        until(&format!("the end of the {}", self.name), seconds, || self.exited())
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        signal(self.pid(), Signal::TERM);
    }

    /// Kills it at once (SIGKILL) and reaps it.
    pub fn kill(&mut self) {
        // An error means that it has ended already, and then the wait returns at once.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends `signal` to a process; one that has gone is no error.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}
