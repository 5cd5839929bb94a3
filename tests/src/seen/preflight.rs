//! `scaler-wm preflight`, and what it has found.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::aws::{CloudStack, Emulation};
use crate::{Failure, ManagerOptions, Result, Stack, UpStack, manager_binary};

/// What a preflight has found.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Its exit code.
    pub code: Option<i32>,
    /// Its checks: `subject`, `name`, `result`, `found`, `todo` of each.
    pub checks: Vec<Value>,
    /// What it printed, on both ways.
    pub said: String,
}

impl Looked {
    fn of(command: &mut Command) -> Result<Self> {
        let output = command.output().map_err(|error| Failure::new("start a preflight", error))?;
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let checks = told["checks"].as_array().cloned().unwrap_or_default();
        let said = [output.stdout, output.stderr].concat();
        Ok(Self { code: output.status.code(), checks, said: String::from_utf8_lossy(&said).into_owned() })
    }

    /// The names of the checks with this result.
    pub fn names(&self, result: &str) -> BTreeSet<&str> {
        let checks = self.checks.iter().filter(|check| check["result"] == result);
        checks.filter_map(|check| check["name"].as_str()).collect()
    }

    /// All is well: exit code 0, nothing failed, no warning, and these checks are among those that are good.
    ///
    /// # Errors
    /// When it is not so.
    pub fn is_good(&self, names: &[&str]) -> Result<()> {
        let (good, doubtful) = (self.names("ok"), self.names("warning"));
        if self.code == Some(0) && doubtful.is_empty() && names.iter().all(|name| good.contains(name)) {
            return Ok(());
        }
        Err(Failure::new(format!("see {names:?} good, and nothing else than good"), &self.said))
    }

    /// The check of this name, and no other one, has failed: exit code 1, and all of `words` in what is found and what is
    /// to be done.
    ///
    /// # Errors
    /// When it is not so.
    pub fn has_failed(&self, name: &str, words: &[&str]) -> Result<()> {
        if self.code != Some(1) || self.names("failed") != BTreeSet::from([name]) {
            return Err(Failure::new(format!("see `{name}` fail, and nothing else"), &self.said));
        }
        self.says(name, "failed", words)
    }

    /// The check of this name has this result, and all of `words` in it.
    ///
    /// # Errors
    /// When it is not so.
    pub fn says(&self, name: &str, result: &str, words: &[&str]) -> Result<()> {
        let text =
            |check: &Value| [&check["found"], &check["todo"]].map(|text| text.as_str().unwrap_or_default().to_owned());
        let mut found = self.checks.iter().filter(|check| check["name"] == name && check["result"] == result).map(text);
        // What is wrong is told with a way out.
        let is_right = |[found, todo]: [String; 2]| {
            let both = format!("{found}; {todo}");
            words.iter().all(|word| both.contains(word)) && (result == "ok" || result == "skipped" || !todo.is_empty())
        };
        if found.any(is_right) {
            println!("{}", self.lines(name, result).join("\n"));
            return Ok(());
        }
        Err(Failure::new(format!("see `{name}` {result} with {words:?}"), &self.said))
    }

    fn lines(&self, name: &str, result: &str) -> Vec<String> {
        let checks = self.checks.iter().filter(|check| check["name"] == name && check["result"] == result);
        checks.map(|check| format!("{result:<8} {name}: {} / {}", check["found"], check["todo"])).collect()
    }
}

impl Stack {
    /// Lets the program look at what a manager with these options would need.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn preflight(&self, options: &ManagerOptions) -> Result<Looked> {
        self.preflight_at(&self.address(), options)
    }

    /// The same of a manager that is told another address.
    ///
    /// # Errors
    /// As [`Stack::preflight`].
    pub fn preflight_at(&self, address: &str, options: &ManagerOptions) -> Result<Looked> {
        let state = self.folder().join(format!("state-{}", options.id));
        let of = options.command(self.venv(), address, state)?;
        let mut command = Command::new(of.get_program());
        self.ground().prepare(&mut command, self.venv(), "preflight");
        command.arg("preflight").args(of.get_args()).arg("--json");
        for (name, value) in of.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        Looked::of(&mut command)
    }
}

impl<E: Emulation> CloudStack<E> {
    /// As [`Stack::preflight`], of a manager of this cloud.
    ///
    /// # Errors
    /// As [`Stack::preflight`].
    pub fn preflight(&self, options: &ManagerOptions) -> Result<Looked> {
        self.stack.preflight(&ManagerOptions { backend: E::backend(self.cloud.proxy.endpoint()), ..options.clone() })
    }
}

impl UpStack {
    /// Lets the program look at a file of this text, with further arguments.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn preflight(&self, toml: &str, arguments: &[&str]) -> Result<Looked> {
        let mut command = Command::new(manager_binary()?);
        command.arg("preflight").arg(self.write("stack.toml", toml)?).arg("--python").arg(self.venv().python());
        command.args(arguments);
        self.prepare(&mut command);
        Looked::of(&mut command)
    }
}
