//! What was measured on, and what: without it a figure says nothing.

use std::fs;
use std::process::Command;

use scaler_wm_tests::{LATEST, Result, Venv};

use super::say;
use crate::shell;

/// The machine, the versions, and the date, each with its name.
pub(crate) fn head() -> Result<Vec<(String, String)>> {
    let venv = Venv::ensure(LATEST, &say)?;
    let python = shell::output_of("ask for Python's version", Command::new(venv.python()).arg("--version"))?;
    let rust = shell::output_of("ask for Rust's version", Command::new("rustc").arg("--version"))?;
    let head = [
        ("date", date()?),
        (MACHINE, machine()),
        ("scaler-wm", format!("{}, commit {}", env!("CARGO_PKG_VERSION"), commit())),
        ("Rust", rust.trim().trim_start_matches("rustc ").to_owned()),
        ("Python", python.trim().trim_start_matches("Python ").to_owned()),
        ("opengris-scaler", venv.release().to_owned()),
        ("ministack (ECS)", Venv::with_emulator(&say)?.release().to_owned()),
        ("moto (EC2, Batch)", Venv::with_moto(&say)?.release().to_owned()),
        ("orb-py", orb()?),
    ];
    Ok(head.map(|(name, value)| (name.to_owned(), value)).into())
}

/// What the head calls the machine.
pub(super) const MACHINE: &str = "machine";

/// The processor, the cores, the memory and the system.
pub(super) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once([':', '=']).map_or_else(|| UNKNOWN.to_owned(), |(_, value)| value.trim().replace('"', ""))
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = after(&read("/proc/meminfo"), "MemTotal");
    let kib: f64 = memory.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or_default();
    format!(
        "{}, {cores} cores, {:.1} GB, {}, Linux {}",
        after(&read("/proc/cpuinfo"), "model name"),
        kib * 1024.0 / 1e9,
        after(&read("/etc/os-release"), "PRETTY_NAME"),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

/// The release of what the released manager of EC2 stands on.
fn orb() -> Result<String> {
    let venv = Venv::with_orb(LATEST, &say)?;
    let code = "import importlib.metadata as m; print(m.version('orb-py'))";
    let said = shell::output_of("ask for the release of orb-py", Command::new(venv.python()).args(["-c", code]))?;
    Ok(said.trim().to_owned())
}

/// Now, in UTC.
pub(super) fn date() -> Result<String> {
    let mut command = Command::new("date");
    let said = shell::output_of("ask for the date", command.args(["-u", "+%Y-%m-%d %H:%M UTC"]))?;
    Ok(said.trim().to_owned())
}

/// What stands behind a commit beside which something is changed.
pub(super) const CHANGED: &str = " and changes";
/// What stands where nobody knows.
pub(super) const UNKNOWN: &str = "unknown";

/// The commit that is checked out, and whether something is changed beside it.
pub(super) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        shell::output_of("ask git what is measured", command.current_dir(shell::root()).args(arguments))
    };
    // Of an archive nobody knows.
    let Ok(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return UNKNOWN.to_owned() };
    // The figures themselves are no part of what is measured.
    let changed = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        ":!docs/figures.*",
        ":!docs/pictures",
        ":!README.md",
    ]);
    let and = if changed.is_ok_and(|changed| changed.trim().is_empty()) { "" } else { CHANGED };
    format!("{}{and}", commit.trim())
}
