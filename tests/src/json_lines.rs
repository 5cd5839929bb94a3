//! Lines of JSON through a process.

use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Failure, Result, Venv, python_scripts};

/// Gives `lines` to a process and reads what it answers, line by line. One process answers all: starting Python takes
/// longer than thousands of lines together.
///
/// # Errors
/// When it cannot be started, fails, or answers anything but JSON.
pub fn json_lines<'a>(command: &mut Command, lines: impl IntoIterator<Item = &'a Value>) -> Result<Vec<Value>> {
    let operation = format!("ask {}", command.get_program().display());
    let failed = |error: io::Error| Failure::new(&*operation, error);
    // A file, since a pipe would fill while nobody reads the answers.
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    {
        let mut writer = io::BufWriter::new(&mut file);
        for line in lines {
            writeln!(writer, "{line}").map_err(failed)?;
        }
        writer.flush().map_err(failed)?;
    }
    let output = command.stdin(Stdio::from(File::open(file.path()).map_err(failed)?)).output().map_err(failed)?;
    if !output.status.success() {
        return Err(Failure::new(operation, output.status).with_context(String::from_utf8_lossy(&output.stderr)));
    }
    let answers = String::from_utf8_lossy(&output.stdout);
    answers.lines().map(|line| serde_json::from_str(line).map_err(|error| Failure::new(&*operation, error))).collect()
}

/// A script of ours in the interpreter of a released package.
///
/// # Errors
/// When there is no such environment, and none can be made.
pub fn released_script(release: &str, script: &str) -> Result<Command> {
    let venv = Venv::ensure(release, &|line| eprintln!("{line}"))?;
    let mut command = Command::new(venv.python());
    command.arg("-B").arg(python_scripts().join(script));
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    Ok(command)
}
