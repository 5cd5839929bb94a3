//! The example of `scaler-wm-agent`: agents that run tasks as processes of this machine.

use std::process::Command;

use crate::setup::agents_binary;
use crate::{Failure, Process, Result, Stack};

/// How it is started.
#[derive(Clone, Copy, Debug)]
pub struct Agents {
    /// Tasks that one agent runs at a time.
    pub concurrency: u32,
    /// Agents at the most.
    pub most: u32,
    /// Whether tasks run on when it is told to stop.
    pub keeps: bool,
}

impl Stack {
    /// Starts agents; what outlives them is in one folder for this stack.
    ///
    /// # Errors
    /// When the example cannot be built or started.
    pub fn agents(&self, agents: Agents) -> Result<Process> {
        let state = self.folder().join("agents");
        std::fs::create_dir_all(&state).map_err(|error| Failure::new("make a folder for agents", error))?;
        let mut command = Command::new(agents_binary()?);
        command.arg(self.address()).arg(state).arg(self.venv().python());
        command.args([agents.concurrency.to_string(), agents.most.to_string()]);
        command.arg(if agents.keeps { "keep" } else { "end" });
        self.ground().prepare(&mut command, self.venv(), "manager");
        Process::start("agents", &mut command, self.ground().new_log("agents"))
    }
}
