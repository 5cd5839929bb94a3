//! Where the browser and its driver are, and how they come here.

use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, Result};

/// The browser, and what drives it.
pub(super) const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

/// The packages of Debian that have them.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// The path of a program of the system.
pub(super) fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The path of a program of the system, or how to get it.
pub(super) fn needed(program: &str) -> Result<PathBuf> {
    found(program).ok_or_else(|| missing(&[program]))
}

fn missing(programs: &[&str]) -> Failure {
    let packages = PACKAGES.join(" ");
    let detail = format!("it is not installed; `apt-get update && apt-get install -y {packages}` does that on Debian");
    Failure::new(format!("find {}", programs.join(" and ")), detail)
}

/// Installs the browser and its driver where they are missing, if that can be done without asking; `say` gets a line for
/// each step that takes time.
///
/// # Errors
/// When they are missing and cannot be installed; says what to do.
pub fn install_browser(say: &dyn Fn(&str)) -> Result<()> {
    let absent = || PROGRAMS.into_iter().filter(|program| found(program).is_none()).collect::<Vec<_>>();
    let programs = absent();
    if programs.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() || found("apt-get").is_none() {
        return Err(missing(&programs));
    }
    say(&format!("installing {} (some 120 MB, once)", PACKAGES.join(" and ")));
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], &PACKAGES[..]].concat())?;
    let programs = absent();
    if programs.is_empty() { Ok(()) } else { Err(missing(&programs)) }
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
