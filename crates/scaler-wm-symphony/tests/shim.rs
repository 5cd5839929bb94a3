//! The shim over our own double of IBM's header: 100,000 tasks, under valgrind, and built with ThreadSanitizer.
//!
//! It says nothing of IBM's library; see `shim/README.md`.

#![expect(clippy::unwrap_used, reason = "a compiler that fails ends the test")]

use std::process::Command;

use tempfile::TempDir;

/// What a make target prints, in a folder of its own.
fn make(target: &str) -> String {
    let folder = TempDir::new().unwrap();
    let shim = concat!(env!("CARGO_MANIFEST_DIR"), "/shim");
    let build = format!("BUILD={}", folder.path().display());
    let made = Command::new("make").args(["--silent", "-C", shim, &build, target]).output().unwrap();
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.status.success(), "make {target}: {said}{}", String::from_utf8_lossy(&made.stderr));
    said
}

#[test]
fn every_task_comes_out_once_however_it_ends() {
    let said = make("check");
    assert!(said.lines().any(|line| line == "100000 in, 100000 out, 0 lost, 0 twice"), "{said}");
}

#[test]
fn nothing_is_leaked_or_read_that_is_not_there() {
    let said = make("check-valgrind");
    assert!(said.lines().any(|line| line == "20000 in, 20000 out, 0 lost, 0 twice"), "{said}");
}

#[test]
fn no_two_threads_race() {
    let said = make("check-tsan");
    assert!(said.lines().any(|line| line == "20000 in, 20000 out, 0 lost, 0 twice"), "{said}");
}
