//! The programs under test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Failure, Result};

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
    let arguments = ["--package", "scaler-wm", "--features", "zmq,aws"];
    let built = BUILT.get_or_init(|| build("scaler-wm", &arguments)).clone();
    built.map_err(|detail| Failure::new("build scaler-wm", detail))
}

/// The example of agents that run tasks as processes, built now (once for all tests of a run).
///
/// # Errors
/// When the build fails.
pub(crate) fn agents_binary() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    let arguments = ["--package", "scaler-wm-agent", "--example", "processes"];
    let built = BUILT.get_or_init(|| build("processes", &arguments)).clone();
    built.map_err(|detail| Failure::new("build the example of agents", detail))
}

fn build(target: &str, arguments: &[&str]) -> std::result::Result<PathBuf, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the tests lie outside a workspace")?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(workspace)
        .args(["build", "--quiet", "--message-format", "json-render-diagnostics"])
        .args(arguments)
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo named no executable".to_owned())
}
