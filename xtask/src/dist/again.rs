//! `cargo xtask soak dist`: the packages are the same, byte for byte, wherever they are built.

use std::fs;
use std::path::Path;
use std::process::Command;

use scaler_wm_tests::{Failure, Result};

use crate::shell;

/// Builds the packages here, and once more from a copy of the repository in another folder, with another target directory.
pub(crate) fn again(features: &str) -> Result<()> {
    super::run(features)?;
    let first = sums(&shell::target())?;
    let elsewhere = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let copy = elsewhere.path().join("elsewhere");
    shell::run("copy the repository", Command::new("git").arg("clone").arg("--quiet").arg(shell::root()).arg(&copy))?;
    let target = elsewhere.path().join("target");
    println!("\nonce more, in {}", copy.display());
    let mut command = shell::cargo();
    command.current_dir(&copy).args(["xtask", "dist", features]).env("CARGO_TARGET_DIR", &target);
    shell::run("build the packages again", &mut command)?;
    let second = sums(&target)?;
    if first == second {
        println!("\nthe same in both:\n{first}");
        return Ok(());
    }
    Err(Failure::new("build the same twice", format!("here:\n{first}elsewhere:\n{second}")))
}

fn sums(target: &Path) -> Result<String> {
    let path = target.join("packages/SHA256SUMS");
    fs::read_to_string(&path).map_err(|error| Failure::new(format!("read {}", path.display()), error))
}
