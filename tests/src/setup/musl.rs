//! What builds programs that need no library of the system.

use std::env;
use std::path::Path;
use std::process::Command;

use super::debian::Packages;
use super::interpreter::run;
use crate::{Failure, Result};

/// Compiles the C code of our cryptography for musl.
const COMPILER: Packages = Packages { programs: &["musl-gcc"], packages: &["musl-tools"], megabytes: 5 };

/// Gets Rust's standard library for musl, and a C compiler for it, where they are missing; gives the name of the target.
///
/// # Errors
/// When they are missing and cannot be installed; says what to do.
pub fn musl_target(say: &dyn Fn(&str)) -> Result<String> {
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    let mut ask = Command::new("rustc");
    let told = ask.args(["--print", "target-libdir", "--target", &target]).output();
    let told = told.map_err(|error| Failure::new("ask rustc for its libraries", error))?;
    if !Path::new(String::from_utf8_lossy(&told.stdout).trim()).is_dir() {
        say(&format!("installing the standard library for {target} (some 40 MB, once)"));
        run(Command::new("rustup").args(["target", "add", &target]))?;
    }
    COMPILER.install(say)?;
    Ok(target)
}
