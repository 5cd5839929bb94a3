//! `scaler-wm ctl`, and the manager that it talks to.

use std::path::PathBuf;

use scaler_wm_tests::{Failure, Manager, ManagerOptions, Result, Stack, Told};
use serde_json::Value;

use crate::{ctl, options, socket, told};

/// A manager of ours, and a scheduler that asks for what it is told.
pub(crate) struct Operated {
    pub(crate) stack: Stack,
    pub(crate) manager: Manager,
}

impl Operated {
    pub(crate) fn start() -> Result<Self> {
        Self::with(&options("wm1", &[]))
    }

    pub(crate) fn with(options: &ManagerOptions) -> Result<Self> {
        let stack = told()?;
        let manager = stack.connected_manager(options)?;
        Ok(Self { stack, manager })
    }

    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(socket(&self.stack, "wm1"))
    }

    /// Runs `ctl` at its socket.
    pub(crate) fn ctl(&self, arguments: &[&str]) -> Result<Told> {
        ctl(&[arguments, &["--socket", &socket(&self.stack, "wm1")]].concat())
    }

    /// Runs `ctl`, which has to succeed; what it prints.
    pub(crate) fn does(&self, arguments: &[&str]) -> Result<String> {
        let told = self.ctl(arguments)?;
        self.stack.check(told.code == Some(0), &format!("{arguments:?} done"), format!("{told:?}"))?;
        Ok(told.output)
    }

    /// Runs `ctl`, which has to fail with code 1 and these words.
    pub(crate) fn refuses(&self, arguments: &[&str], words: &str) -> Result<()> {
        let told = self.ctl(arguments)?;
        let is_refused = told.code == Some(1) && told.errors.contains(words) && told.output.is_empty();
        self.stack.check(is_refused, &format!("{arguments:?} refused with {words:?}"), format!("{told:?}"))
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.does(&[arguments, &["--json"]].concat())?;
        serde_json::from_str(&text).map_err(|error| Failure::new("read JSON", format!("{error}: {text}")))
    }

    /// How it stands.
    pub(crate) fn status(&self) -> Result<Value> {
        Ok(self.json(&["status"])?["managers"][0].clone())
    }

    /// Waits until it stands so.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        self.stack.until(what, 30.0, || self.status().ok().filter(|status| holds(status)))
    }

    /// Waits until it has so many units, all of them up and none on its way out; their names, sorted.
    pub(crate) fn until_units(&self, units: u64) -> Result<Vec<String>> {
        self.until(&format!("{units} units"), |status| {
            status["observed"] == units && status["running"] == units && status["draining"] == 0
        })?;
        let all = self.json(&["units"])?["units"].clone();
        Ok(all
            .as_array()
            .into_iter()
            .flatten()
            .map(|unit| unit["unit"].as_str().unwrap_or_default().to_owned())
            .collect())
    }
}
