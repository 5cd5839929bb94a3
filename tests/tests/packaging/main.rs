//! Whole-process tests: what users install, and what starts it there.

mod container;
mod crates;
mod map;
mod notify;
mod papers;
mod units;
mod wheel;

use std::path::Path;
use std::process::Command;

/// The repository's folder.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Whether a program of the system is there; if not, what is left out is said.
fn is_there(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        eprintln!("there is no {program}: what it would check is left out");
    }
    is_there
}
