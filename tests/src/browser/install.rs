//! Where the browser and its driver are, and how they come here.

use std::path::PathBuf;

use crate::Result;
use crate::setup::debian::{Packages, found};

/// The browser, and what drives it.
pub(super) const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

const PACKAGES: Packages = Packages { programs: &PROGRAMS, packages: &["chromium", "chromium-driver"], megabytes: 120 };

/// The path of a program of the system, or how to get it.
pub(super) fn needed(program: &str) -> Result<PathBuf> {
    found(program).ok_or_else(|| PACKAGES.missing(&[program]))
}

/// Installs the browser and its driver where they are missing, if that can be done without asking; `say` gets a line for
/// each step that takes time.
///
/// # Errors
/// When they are missing and cannot be installed; says what to do.
pub fn install_browser(say: &dyn Fn(&str)) -> Result<()> {
    PACKAGES.install(say)
}
