//! A worker manager: ours or the released one, with the same command line.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::{Backend, LogFile, OLDEST, Proc, Process, Result, Venv, descendants, manager_binary};

/// Which worker manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManagerKind {
    /// `scaler-wm`.
    #[default]
    Ours,
    /// `scaler_worker_manager` of the stack's release: to compare with, and to see that a check can fail.
    Released,
}

impl ManagerKind {
    /// Ours, unless `SCALER_WM_TEST_MANAGER` is `released`: so the same tests run against either.
    pub fn from_environment() -> Self {
        match std::env::var("SCALER_WM_TEST_MANAGER").as_deref() {
            Ok("released") => Self::Released,
            _ => Self::Ours,
        }
    }
}

/// How a manager is started. Unset fields leave the manager its own default.
#[derive(Clone, Debug)]
pub struct ManagerOptions {
    /// Which one.
    pub kind: ManagerKind,
    /// Where its workers run.
    pub backend: Backend,
    /// The binary of ours; else [`manager_binary`].
    pub binary: Option<PathBuf>,
    /// `-wmi`.
    pub id: String,
    /// `-mtc`.
    pub limit: u32,
    /// `-sdc`, in seconds.
    pub cooldown: Option<f64>,
    /// `-his`, in seconds.
    pub heartbeat: Option<f64>,
    /// `-wtqs`.
    pub queue_size: Option<u32>,
    /// `--monitor-address` (ours only).
    pub monitor_address: Option<String>,
    /// `--state-dir` (ours only); else one for this stack and id.
    pub state_folder: Option<PathBuf>,
    /// Further arguments, after all others (of native managers: ours only).
    pub extra: Vec<String>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
    /// The name of its log.
    pub log_name: String,
}

impl Default for ManagerOptions {
    fn default() -> Self {
        Self {
            kind: ManagerKind::from_environment(),
            backend: Backend::default(),
            binary: None,
            id: "wm1".to_owned(),
            limit: 4,
            cooldown: None,
            heartbeat: None,
            queue_size: None,
            monitor_address: None,
            state_folder: None,
            extra: Vec::new(),
            environment: Vec::new(),
            log_name: "manager".to_owned(),
        }
    }
}

impl ManagerOptions {
    /// The command that starts it, without the environment that all processes of a stack share.
    pub(crate) fn command(&self, venv: &Venv, address: &str, state_folder: PathBuf) -> Result<Command> {
        let mut command = match self.kind {
            ManagerKind::Ours => match &self.binary {
                Some(binary) => Command::new(binary),
                None => Command::new(manager_binary()?),
            },
            ManagerKind::Released => self.backend.released(venv),
        };
        command.args([self.backend.command(), address, "-wmi", &self.id, "-mtc", &self.limit.to_string()]);
        // The released manager of 2.6.0 has no cooldown at all.
        let no_cooldown = self.kind == ManagerKind::Released && venv.release() == OLDEST;
        let cooldown = self.cooldown.filter(|_| !no_cooldown);
        let numbers = [("-sdc", cooldown), ("-his", self.heartbeat), ("-wtqs", self.queue_size.map(f64::from))];
        for (flag, value) in numbers.into_iter().filter_map(|(flag, value)| Some((flag, value?))) {
            command.args([flag, &value.to_string()]);
        }
        command.args(self.backend.arguments(self.kind, venv, &self.extra));
        self.backend.prepare(&mut command, &state_folder);
        if self.kind == ManagerKind::Ours {
            command.arg("--state-dir").arg(self.state_folder.clone().unwrap_or(state_folder));
            if let Some(address) = &self.monitor_address {
                command.args(["--monitor-address", address]);
            }
        }
        if self.kind == ManagerKind::Ours || self.backend != Backend::Native {
            command.args(&self.extra);
        }
        Ok(command)
    }
}

/// A running manager.
#[derive(Debug)]
pub struct Manager {
    process: Process,
    kind: ManagerKind,
}

impl Manager {
    pub(crate) fn new(process: Process, kind: ManagerKind) -> Self {
        Self { process, kind }
    }

    /// Which one it is.
    pub fn kind(&self) -> ManagerKind {
        self.kind
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// What it, its helper and its workers printed.
    pub fn log(&self) -> &LogFile {
        self.process.log()
    }

    /// Its exit status when it has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.process.exited()
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Kills it at once, as the kernel does when memory is short (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it still runs after `seconds`.
    pub fn wait(&mut self, seconds: f64) -> Result<ExitStatus> {
        self.process.wait(seconds)
    }

    /// The Python helper that it starts workers from: its direct child.
    pub fn helper(&self) -> Option<Proc> {
        let pid = self.pid();
        descendants(pid).into_iter().find(|process| process.parent == pid)
    }
}
