//! Our reading of command lines and files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scaler_wm_tests::{Failure, Result, manager_binary};

use crate::cases::{Case, FILE};
use crate::released::Outcome;

/// Exit code for what is wrong with a command line, a file or the environment.
const USAGE: i32 = 2;

/// The program, and a folder for the files that cases have.
pub(crate) struct Ours {
    binary: PathBuf,
    folder: tempfile::TempDir,
}

impl Ours {
    /// The program as it is built.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|error| Failure::new("make a temporary folder", error))?;
        Ok(Self { binary: manager_binary()?, folder })
    }

    /// A folder for what a test needs besides.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `config show` says of a case.
    pub(crate) fn outcome(&self, case: &Case) -> Result<Outcome> {
        self.show(case).map(|(outcome, _)| outcome)
    }

    /// What `config show` says of a case, and what it warns of.
    pub(crate) fn show(&self, case: &Case) -> Result<(Outcome, String)> {
        let file = self.write(case)?;
        let mut command = Command::new(&self.binary);
        command.args(["config", "show"]);
        match &case.kind {
            Some(kind) => command.arg(kind).args(case.arguments.iter().map(|word| word.replace(FILE, &file))),
            None => command.arg(&file).args(&case.arguments),
        };
        let output = run(command.envs(case.environment.iter().cloned()))?;
        let errors = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        match output.status.code() {
            Some(0) => serde_json::from_slice(&output.stdout)
                .map(|values| (Outcome::Values(values), errors.clone()))
                .map_err(|error| Failure::new("read what config show says", error).with_context(errors)),
            Some(USAGE) if !errors.is_empty() => Ok((Outcome::Refused(errors), String::new())),
            _ => Err(Failure::new("see exit code 0, or 2 with a message", output.status).with_context(errors)),
        }
    }

    /// Runs a case under another name of the program, not just shows it: the case must not start anything. What it says
    /// in the end.
    pub(crate) fn called(&self, name: &str, case: &Case) -> Result<String> {
        let link = self.folder().join(name);
        std::os::unix::fs::symlink(&self.binary, &link).map_err(|error| Failure::new("make a link", error))?;
        let file = self.write(case)?;
        let mut command = Command::new(link);
        match &case.kind {
            Some(kind) => command.arg(kind).args(case.arguments.iter().map(|word| word.replace(FILE, &file))),
            None => command.arg(&file),
        };
        let output = run(&mut command)?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// The name of the case's file, which is written if it has one.
    fn write(&self, case: &Case) -> Result<String> {
        let file = self.folder().join("config.toml");
        if let Some(toml) = &case.toml {
            std::fs::write(&file, toml).map_err(|error| Failure::new("write a file", error))?;
        }
        let name = file.to_str().ok_or_else(|| Failure::new("name a file", "its path is no UTF-8"))?;
        Ok(name.to_owned())
    }
}

/// Runs it without variables that would mean something.
fn run(command: &mut Command) -> Result<Output> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| name.starts_with("AWS_") || name.starts_with("SCALER_")) {
        // What the case itself sets stays.
        if !command.get_envs().any(|(own, value)| own == name.as_str() && value.is_some()) {
            command.env_remove(name);
        }
    }
    command.output().map_err(|error| Failure::new("start scaler-wm", error))
}
