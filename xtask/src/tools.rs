//! Programs of others that cargo builds for us: pinned, built once, and kept beside the virtual environments.

use std::path::PathBuf;
use std::process::Command;

use scaler_wm_tests::{Failure, Result, cache_folder};

use crate::shell;

/// A program that crates.io has.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Looks at licences, sources, versions and advisories of what we depend on. (0.20 reads the advisories' CVSS 4.)
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// Writes what a binary is made of.
pub(crate) const CYCLONEDX: Tool = Tool { name: "cargo-cyclonedx", version: "0.5.9" };

/// Runs fuzz targets.
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

impl Tool {
    /// The program: that of the system if it is of this version, else one of ours, which is built first where it is not
    /// there.
    ///
    /// # Errors
    /// When it cannot be fetched or built.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let Self { name, version } = self;
        let wanted = format!("{name} {version}");
        let said = Command::new(name).arg("--version").output();
        if said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim() == wanted) {
            return Ok(PathBuf::from(name));
        }
        let folder = cache_folder()?.join(format!("tools/{name}-{version}"));
        let program = folder.join("bin").join(name);
        // Cargo puts it there at the end, in one step.
        if program.is_file() {
            return Ok(program);
        }
        println!("building {wanted} (some minutes, once)");
        // In a target directory of its own, which goes: what it needs is not what we need.
        let made = tempfile::tempdir().map_err(|error| Failure::new(format!("build {name}"), error))?;
        let mut command = shell::cargo();
        command.args(["install", name, "--locked", "--version", &format!("={version}")]);
        command.arg("--root").arg(&folder).arg("--target-dir").arg(made.path());
        shell::run(&format!("install {wanted}"), &mut command)?;
        Ok(program)
    }
}
