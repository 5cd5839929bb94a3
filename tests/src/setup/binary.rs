//! The programs under test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{Failure, Result};

/// Beside the default ones: what is tested has all there is.
pub const FEATURES: &str = "manual,zmq,aws,external,symphony";

type Built = OnceLock<std::result::Result<PathBuf, String>>;

/// The `scaler-wm` binary: the one that `SCALER_WM_BIN` names, else one that is built now (once for all tests of a run).
///
/// # Errors
/// When `SCALER_WM_BIN` names no file, or the build fails.
pub fn manager_binary() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    if let Some(path) = env::var_os("SCALER_WM_BIN").map(PathBuf::from) {
        if path.is_file() {
            return Ok(path);
        }
        return Err(Failure::new(
            "find scaler-wm",
            format!("SCALER_WM_BIN names {}, which is no file", path.display()),
        ));
    }
    once(&BUILT, || build("scaler-wm", "scaler-wm", &["--features", FEATURES], false))
}

/// The example of agents that run tasks as processes, built now (once for all tests of a run).
///
/// # Errors
/// When the build fails.
pub(crate) fn agents_binary() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || build("scaler-wm-agent", "processes", &["--example", "processes"], false))
}

/// The library that simulates Symphony, built now (once for all tests of a run).
///
/// # Errors
/// When the build fails.
pub fn symphony_library() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || build("scaler-wm-symphony-sim", "scaler_wm_symphony_sim", &["--lib"], false))
}

/// A failure is told to everybody who asks.
fn once(built: &Built, build: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
    let built = built.get_or_init(|| build().map_err(|failure| failure.to_string()));
    built.clone().map_err(|detail| Failure::new("find a program to test", detail))
}

/// Builds a program or a shared library of this repository by further cargo arguments, and gives its path. Cargo's progress goes to the terminal
/// where it `is_shown`.
///
/// # Errors
/// When the build fails.
pub fn build(package: &str, target: &str, arguments: &[&str], is_shown: bool) -> Result<PathBuf> {
    let failed = |detail: String| Failure::new(format!("build {target}"), detail);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.ok_or_else(|| failed("the tests lie outside a workspace".to_owned()))?);
    command.args(["build", "--package", package, "--message-format", "json-render-diagnostics"]).args(arguments);
    // Only standard output is taken: cargo's progress goes to standard error.
    if is_shown {
        command.stderr(Stdio::inherit());
    } else {
        command.arg("--quiet");
    }
    let output = command.output().map_err(|error| failed(format!("cargo cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(if said.is_empty() { output.status.to_string() } else { said.into_owned() }));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .find_map(|message| program_of(&message).map(PathBuf::from))
        .ok_or_else(|| failed("cargo named no program".to_owned()))
}

/// What can be run or loaded of what cargo has made.
fn program_of(message: &serde_json::Value) -> Option<&str> {
    let files = message["filenames"].as_array().into_iter().flatten();
    let library = files.filter_map(serde_json::Value::as_str).find(|file| file.ends_with(".so"));
    message["executable"].as_str().or(library)
}
