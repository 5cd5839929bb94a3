//! Programs of the system, and how they come here on Debian.

use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, Result};

/// The path of a program of the system.
pub(crate) fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Programs, and the packages that have them.
pub(crate) struct Packages {
    pub(crate) programs: &'static [&'static str],
    pub(crate) packages: &'static [&'static str],
    pub(crate) megabytes: u32,
}

impl Packages {
    /// Says how to get what is missing.
    pub(crate) fn missing(&self, programs: &[&str]) -> Failure {
        let packages = self.packages.join(" ");
        let way = format!("it is not installed; `apt-get update && apt-get install -y {packages}` does that on Debian");
        Failure::new(format!("find {}", programs.join(" and ")), way)
    }

    /// Installs what is missing, if that can be done without asking; `say` gets a line for each step that takes time.
    ///
    /// # Errors
    /// When they are missing and cannot be installed; says what to do.
    pub(crate) fn install(&self, say: &dyn Fn(&str)) -> Result<()> {
        let absent = || self.programs.iter().copied().filter(|program| found(program).is_none()).collect::<Vec<_>>();
        let programs = absent();
        if programs.is_empty() {
            return Ok(());
        }
        if !rustix::process::geteuid().is_root() || found("apt-get").is_none() {
            return Err(self.missing(&programs));
        }
        say(&format!("installing {} (some {} MB, once)", self.packages.join(" and "), self.megabytes));
        apt_get(&["update", "-qq"])?;
        apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], self.packages].concat())?;
        let programs = absent();
        if programs.is_empty() { Ok(()) } else { Err(self.missing(&programs)) }
    }
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let what = format!("run apt-get {}", arguments.join(" "));
    let mut command = Command::new("apt-get");
    let output = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").output();
    let output = output.map_err(|error| Failure::new(&*what, error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(what, output.status).with_context(String::from_utf8_lossy(&output.stderr)))
}
