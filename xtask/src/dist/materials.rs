//! What a binary is made of, as CycloneDX has it.

use std::fs;
use std::path::Path;
use std::process::Command;

use scaler_wm_tests::{Failure, Result};

use crate::{shell, tools::CYCLONEDX};

/// Writes what the binary with these features is made of, for `target`, to `file`. `folder` is for work, and is emptied.
pub(super) fn write(features: &str, target: &str, folder: &Path, file: &Path) -> Result<()> {
    let program = CYCLONEDX.ensure()?;
    // The program writes beside every manifest of the workspace, and counts features that only our tests need: so it gets
    // a copy without them.
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::new(format!("empty {}", folder.display()), error))?;
    }
    super::copy(&shell::root().join("Cargo.lock"), &folder.join("Cargo.lock"))?;
    let manifest = shell::root().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| Failure::new("read Cargo.toml", error))?;
    let alone = text.replace(MEMBERS, "members = [\"crates/*\"]");
    if alone == text {
        return Err(Failure::new("read Cargo.toml", format!("it has no line `{MEMBERS}`")));
    }
    fs::write(folder.join("Cargo.toml"), alone).map_err(|error| Failure::new("write a manifest", error))?;
    let crates = folder.join("crates");
    let source = shell::root().join("crates");
    shell::run("copy the crates", Command::new("cp").arg("-R").arg(source).arg(&crates))?;

    let mut command = Command::new(program);
    command.current_dir(folder).args(["cyclonedx", "--quiet", "--manifest-path", "crates/scaler-wm/Cargo.toml"]);
    command.args(["--format", "json", "--spec-version", "1.5", "--override-filename", "materials", "--no-build-deps"]);
    command.args(["--features", features, "--target", target]);
    // The same source gives the same file.
    shell::run("list what it is made of", command.env("SOURCE_DATE_EPOCH", "0"))?;
    let failed = |error| Failure::new("read what it is made of", error);
    let told = fs::read_to_string(crates.join("scaler-wm/materials.json")).map_err(failed)?;
    let root = fs::canonicalize(folder).map_err(failed)?;
    let told = told.replace(&format!("path+file://{}/", root.display()), "");
    fs::write(file, told).map_err(|error| Failure::new(format!("write {}", file.display()), error))
}

/// The members of the workspace, as they stand in its manifest.
const MEMBERS: &str = "members = [\"crates/*\", \"xtask\", \"tests\"]";
