//! A scheduler that costs next to nothing, beside a real object storage.

use std::process::Command;

use scaler_wm_tests::{Process, Result, Stack};
use serde_json::Value;

use super::Programs;

/// A running one.
pub(super) struct StandIn(Process);

impl StandIn {
    /// Starts one that gives the first worker so many tasks, each with an argument of so many bytes, and `first` before.
    pub(super) fn start(programs: &Programs, stack: &Stack, tasks: u32, bytes: u32, first: u32) -> Result<Self> {
        let mut command = Command::new(&programs.stand_in);
        command.arg(stack.storage_address()).args([tasks, bytes, first].map(|number| number.to_string()));
        Ok(Self(stack.process("stand-in", &mut command)?))
    }

    /// Where the worker is to connect to, once all arguments are stored.
    pub(super) fn address(&mut self, stack: &Stack) -> Result<String> {
        self.until(stack, "it listen", |event| Some(event["address"].as_str()?.to_owned()))
    }

    /// Waits for an event.
    pub(super) fn until<T>(&mut self, stack: &Stack, what: &str, find: impl Fn(&Value) -> Option<T>) -> Result<T> {
        let found = stack.until(&format!("of the stand-in: {what}"), 300.0, || {
            let text = self.0.log().text();
            let found = text.lines().filter_map(|line| serde_json::from_str(line).ok()).find_map(|event| find(&event));
            // One that has ended says nothing more.
            found.map(Some).or_else(|| self.0.exited().map(|_| None))
        })?;
        found.ok_or_else(|| {
            stack.explain(scaler_wm_tests::Failure::new(format!("see of the stand-in: {what}"), "it ended"))
        })
    }
}
