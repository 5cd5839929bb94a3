//! The Python that virtual environments are made of.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, Result};

/// A Python that can make virtual environments.
pub(crate) struct Interpreter {
    pub(crate) path: PathBuf,
    pub(crate) version: String,
    pub(crate) base: String,
}

impl Interpreter {
    pub(crate) fn find() -> Result<Self> {
        let operation = "find a Python that makes virtual environments";
        let path =
            env::var_os("PYTHON").filter(|path| !path.is_empty()).map_or_else(|| "python3".into(), PathBuf::from);
        let code = "import sys; print(*sys.version_info[:3], sep='.'); print(sys.base_prefix); import venv, ensurepip";
        let output = Command::new(&path).args(["-c", code]).output().map_err(|error| {
            let advice = "install it (Debian: apt-get install python3 python3-venv) or name one with PYTHON";
            Failure::new(operation, format!("{} cannot be started ({error}): {advice}", path.display()))
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines().map(str::to_owned);
        let (Some(version), Some(base), true) = (lines.next(), lines.next(), output.status.success()) else {
            let advice = "install it (Debian: apt-get install python3-venv) or name another Python with PYTHON";
            return Err(Failure::new(operation, format!("{} has no venv module: {advice}", path.display()))
                .with_context(String::from_utf8_lossy(&output.stderr)));
        };
        Ok(Self { path, version, base })
    }

    pub(crate) fn short_version(&self) -> &str {
        self.version.rsplit_once('.').map_or(&self.version, |(short, _)| short)
    }
}

/// Runs a command to its end; what it said explains its failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    output_of(command).map(drop)
}

/// Runs a command to its end and gives what it printed; what it said besides explains its failure.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let text = format!("{command:?}");
    let output = command.output().map_err(|error| Failure::new(format!("run {text}"), error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Failure::new(format!("run {text}"), output.status).with_context(String::from_utf8_lossy(&said)))
}
