//! A manager that is watched.

use std::process::Command;

use scaler_wm_tests::{Manager, ManagerOptions, Result, Stack, StackOptions};

use crate::tmux::{Tmux, words};

/// A stack, a manager of it, and where that is watched.
pub(crate) struct Watched {
    pub(crate) stack: Stack,
    pub(crate) manager: Manager,
}

pub(crate) fn options() -> ManagerOptions {
    ManagerOptions {
        id: "wm1".to_owned(),
        limit: 4,
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        log_name: "wm1".to_owned(),
        ..ManagerOptions::default()
    }
}

impl Watched {
    /// The scheduler asks for what it is told, or for what its policy says.
    pub(crate) fn start(is_told: bool) -> Result<Self> {
        let stack = Stack::start(StackOptions { is_told, ..StackOptions::default() })?;
        let manager = stack.connected_manager(&options())?;
        Ok(Self { stack, manager })
    }

    fn socket(&self) -> String {
        self.stack.folder().join("state-wm1").join("control.sock").to_string_lossy().into_owned()
    }

    /// Starts `top` in a pane.
    pub(crate) fn top(&self, size: (u16, u16)) -> Result<Tmux> {
        self.after(size, &[])
    }

    /// Starts `top` in a pane by way of another program.
    pub(crate) fn after(&self, size: (u16, u16), before: &[&str]) -> Result<Tmux> {
        let words = words(&["--socket", &self.socket()])?;
        let words: Vec<&str> = before.iter().copied().chain(words.iter().map(String::as_str)).collect();
        Tmux::start(self.stack.folder(), size, &words, |command| self.run(command))
    }

    fn run(&self, command: &mut Command) -> Result<()> {
        self.stack.process("tmux", command)?.wait(10.0).map(drop)
    }

    /// Explains a failure by what everybody has logged.
    pub(crate) fn explained<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|failure| self.stack.explain(failure))
    }
}
