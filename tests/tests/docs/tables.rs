//! Blocks of TOML, read by what reads them for users.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use scaler_wm_tests::{Failure, Result};

use crate::blocks::Block;
use crate::reader::Reader;

/// Writes the file, and lets it be read.
pub(crate) fn read(reader: &mut Reader, block: &Block) -> Result<()> {
    let has = |table: &str| block.text.lines().any(|line| line.starts_with(table));
    let (usual, words) = match (has("[dependencies]"), has("[workload]")) {
        (true, _) => return manifest(reader, block),
        (false, true) => ("simulation.toml", ["simulate", "--json"].as_slice()),
        (false, false) => ("config.toml", ["config", "show"].as_slice()),
    };
    let path = reader.write(block.named(".toml").unwrap_or(usual), &block.text)?;
    let path = path.to_string_lossy();
    let (is_taken, said) = reader.reads(&[words, &[&*path]].concat())?;
    // There is nothing to be said of a file that is right, not even a warning.
    if is_taken && said.is_empty() {
        return Ok(());
    }
    // A line of the file is one of the document.
    let line = said.split_once(&format!("{path}:")).and_then(|(_, rest)| rest.split(':').next()?.parse::<usize>().ok());
    let place = Block { line: block.line + line.unwrap_or_default(), ..block.clone() };
    Err(place.failed(reader.names.there(&said)))
}

/// A part of a manifest of cargo's, of a package beside a checkout that is called `scaler-wm`.
fn manifest(reader: &Reader, block: &Block) -> Result<()> {
    let folder = reader.root().join("embeds");
    let failed = |error: std::io::Error| Failure::new("write a package", error);
    fs::create_dir_all(folder.join("src")).map_err(failed)?;
    symlink(&reader.repository, reader.root().join("scaler-wm")).map_err(failed)?;
    fs::copy(reader.repository.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
    fs::write(folder.join("src/lib.rs"), "").map_err(failed)?;
    let package = "[package]\nname = \"embeds\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n";
    fs::write(folder.join("Cargo.toml"), format!("{package}{}", block.text)).map_err(failed)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(["metadata", "--offline", "--format-version", "1"]);
    let output = command.output().map_err(|error| Failure::new("run cargo", error))?;
    if output.status.success() { Ok(()) } else { Err(block.failed(String::from_utf8_lossy(&output.stderr))) }
}
