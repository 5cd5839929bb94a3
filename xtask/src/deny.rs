//! `cargo xtask deny`: what we depend on, looked at by cargo-deny with `deny.toml`.

use std::process::Command;

use scaler_wm_tests::{Failure, Result};

use crate::{shell, tools::DENY};

/// Bans, licences and sources always; advisories where their database, which lies in git at GitHub, can be had.
pub(crate) fn run() -> Result<()> {
    let program = DENY.ensure()?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(shell::root()).args(arguments);
        command
    };
    // A warning is an entry of deny.toml that has become useless.
    let mut checks = vec!["check", "--deny", "warnings", "bans", "licenses", "sources"];
    let had = deny(&["fetch", "db"]).output().map_err(|error| Failure::new("run cargo-deny", error))?;
    if had.status.success() {
        checks.push("advisories");
    } else {
        let said = String::from_utf8_lossy(&had.stderr);
        let why = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
        println!("advisories are not looked at, since their database cannot be had: {why}");
    }
    shell::run("find nothing amiss in what we depend on", &mut deny(&checks))
}
