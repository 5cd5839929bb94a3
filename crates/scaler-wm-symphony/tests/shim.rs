//! The shim over our own double of IBM's header: 100,000 tasks, under valgrind, and built with sanitizers.
//!
//! It says nothing of IBM's library; see `shim/README.md`.

#![expect(clippy::unwrap_used, reason = "a compiler that fails ends the test")]

use std::{fs, process::Command};

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

/// Whether this compiler has the sanitizers: they are packages of their own here and there.
fn has_sanitizers() -> bool {
    let folder = TempDir::new().unwrap();
    let source = folder.path().join("empty.cpp");
    fs::write(&source, "int main() {}\n").unwrap();
    let mut compile = Command::new("g++");
    compile.arg("-fsanitize=address,undefined").arg(&source).arg("-o").arg(folder.path().join("empty"));
    compile.output().is_ok_and(|output| output.status.success())
}

#[test]
fn no_byte_is_touched_that_is_not_there_and_nothing_is_undefined() {
    if !has_sanitizers() {
        eprintln!("not checked: g++ has no AddressSanitizer here");
        return;
    }
    let said = make("check-asan");
    assert!(said.lines().any(|line| line == "100000 in, 100000 out, 0 lost, 0 twice"), "{said}");
}

#[test]
fn no_two_threads_race() {
    let said = make("check-tsan");
    assert!(said.lines().any(|line| line == "20000 in, 20000 out, 0 lost, 0 twice"), "{said}");
}
