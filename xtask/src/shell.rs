//! Running cargo and other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use scaler_wm_tests::{Failure, Result, build};

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The target directory that cargo uses for this repository.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, to be run in the repository.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds the binary with further cargo arguments, progress on the terminal, and gives its path.
pub(crate) fn build_binary(arguments: &[&str]) -> Result<PathBuf> {
    build("scaler-wm", "scaler-wm", arguments, true)
}

/// Builds an example as it would be released, and gives its path.
pub(crate) fn build_example(package: &str, name: &str) -> Result<PathBuf> {
    build(package, name, &["--release", "--example", name], true)
}

/// Runs a program to its end, its output on the terminal.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| Failure::new(what, error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(what, status)) }
}

/// Runs a program to its end and gives what it printed.
pub(crate) fn output_of(what: &str, command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| Failure::new(what, error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::new(what, output.status).with_context(String::from_utf8_lossy(&output.stderr)))
}

/// The platform that a compiler is for, as Rust names it; it is asked by `rustc`, whichever that is.
pub(crate) fn host_of(what: &str, rustc: &mut Command) -> Result<String> {
    let said = output_of(what, rustc.arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new(what, said))
}
