//! What `scaler-wm doctor` says of a manager.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Failure, Result};

/// What a command has said, and how it ended.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its exit code.
    pub code: Option<i32>,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub errors: String,
}

impl Told {
    /// Runs `scaler-wm WORDS` with everything that a manager is told, and these flags, to its end. There is no terminal.
    pub(crate) fn of(words: &str, manager: &Command, flags: &[&str]) -> Result<Self> {
        let mut command = Command::new(manager.get_program());
        command.args(words.split(' ')).args(manager.get_args()).args(flags).stdin(Stdio::null());
        for (name, value) in manager.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.output().map_err(|error| Failure::new(format!("run scaler-wm {words}"), error))?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) })
    }

    /// What `--json` has told.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.output)
            .map_err(|error| Failure::new("read what was told", error).with_context(format!("{self:?}")))
    }

    /// What `doctor --json` has found of its one manager: the state of each, by name.
    ///
    /// # Errors
    /// As [`Told::json`].
    pub fn found(&self) -> Result<BTreeMap<String, String>> {
        let json = self.json()?;
        let findings = json["managers"][0]["findings"].as_array().cloned().unwrap_or_default();
        let one = |finding: &Value| {
            let name = finding["thing"]["name"].as_str().or(finding["launch"]["id"].as_str()).unwrap_or("tasks");
            (name.to_owned(), finding["state"].as_str().unwrap_or_default().to_owned())
        };
        Ok(findings.iter().map(one).collect())
    }
}
