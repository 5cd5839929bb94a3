//! A client that submits and cancels on command.

use crate::{Client, Result, Script, Stack};

/// A client that is to be told what to do.
#[derive(Debug)]
pub struct Commanded<'a> {
    stack: &'a Stack,
    /// The client.
    pub client: Client,
}

impl<'a> Commanded<'a> {
    /// One that has submitted nothing.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn new(stack: &'a Stack) -> Result<Self> {
        Ok(Self { stack, client: stack.client(&Script::Commanded)? })
    }

    /// Submits so many tasks.
    ///
    /// # Errors
    /// When the client does not do so in time.
    pub fn submit(&self, tasks: u32) -> Result<()> {
        self.client.command(&format!("submit {tasks}"))
    }

    /// Waits until so many tasks in all are submitted.
    ///
    /// # Errors
    /// When the client does not do so in time.
    pub fn until_submitted(&self, tasks: u64) -> Result<()> {
        let look = || (self.client.commanded() == tasks).then_some(());
        self.stack.until(&format!("{tasks} tasks submitted"), 30.0, look)
    }

    /// Cancels a task, and waits until the client says that it is canceled.
    ///
    /// # Errors
    /// When the client does not do so in time.
    pub fn cancel(&self, task: u64) -> Result<()> {
        self.client.command(&format!("cancel {task}"))?;
        let canceled = || self.client.canceled().into_iter().find(|(canceled, _)| *canceled == task);
        let (_, is_canceled) = self.stack.until(&format!("an answer to the cancel of {task}"), 30.0, canceled)?;
        self.stack.check(is_canceled, "a canceled task", format!("{:?}", self.client.canceled()))
    }

    /// Waits until exactly these tasks have started.
    ///
    /// # Errors
    /// When the client does not do so in time.
    pub fn until_started(&self, tasks: &[u64]) -> Result<()> {
        let started = || {
            let mut started: Vec<u64> = self.client.starts().all().iter().map(|start| start.task).collect();
            started.sort_unstable();
            (started == tasks).then_some(())
        };
        self.stack.until(&format!("starts of {tasks:?}"), 60.0, started)
    }

    /// Releases all, waits for the end, and gives what became of those that were not canceled, a line each.
    ///
    /// # Errors
    /// When the client does not do so in time.
    pub fn finish(mut self, seconds: f64) -> Result<Vec<String>> {
        self.client.release(0)?;
        self.client.command("end")?;
        self.client.finish(seconds).map_err(|failure| self.stack.explain(failure))?;
        Ok(self.client.outcomes())
    }

    /// The same, when each of these is to have given back its number, having started once.
    ///
    /// # Errors
    /// When the client does not do so in time.
    pub fn finish_right(self, tasks: &[u64]) -> Result<()> {
        let (stack, starts) = (self.stack, self.client.starts().clone());
        let outcomes = self.finish(120.0)?;
        let expected: Vec<String> = tasks.iter().map(|task| format!("\"{task}\": {{\"result\":\"{task}\"}}")).collect();
        stack.check(outcomes == expected, "right results", format!("{outcomes:?}"))?;
        stack.check(starts.repeated().is_empty(), "no second start", format!("{:?}", starts.repeated()))
    }
}
