//! The container file. There may be no engine to build it: a linter reads it, and what it promises is looked at.

use std::fs;
use std::process::Command;

use scaler_wm_tests::{Failure, LATEST, Result, Venv};

use crate::root;

#[test]
fn the_linter_has_no_complaint() -> Result<()> {
    let venv = Venv::with_hadolint(&|line| eprintln!("{line}"))?;
    let file = root().join("packaging/container/Containerfile");
    let output = Command::new(venv.program("hadolint")).args(["--failure-threshold", "style"]).arg(file).output();
    let output = output.map_err(|error| Failure::new("run hadolint", error))?;
    let complaints = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    Ok(())
}

/// What every image has, whatever a linter asks for.
#[test]
fn images_run_without_rights_and_can_be_asked_how_they_are() -> Result<()> {
    let file = root().join("packaging/container/Containerfile");
    let text = fs::read_to_string(&file).map_err(|error| Failure::new("read the container file", error))?;
    let stages: Vec<&str> = text.split("\nFROM ").skip(1).collect();
    let (builds, images): (Vec<&str>, Vec<&str>) = stages.into_iter().partition(|stage| stage.contains(" AS build\n"));
    assert_eq!((builds.len(), images.len()), (1, 2));
    for image in &images {
        let parts = [
            "\nUSER 65532:65532\n",
            "\nHEALTHCHECK ",
            "\nENTRYPOINT [",
            "\nLABEL org.opencontainers.image.",
            "\nSTOPSIGNAL SIGTERM\n",
        ];
        for part in parts {
            assert!(image.contains(part), "an image has no {part:?}: {image}");
        }
        // Nothing that was only needed to build it, and nothing that is secret.
        assert!(!image.contains("\nCOPY . "), "{image}");
        assert!(!["SECRET", "TOKEN", "PASSWORD"].iter().any(|word| image.contains(word)), "{image}");
    }
    // The one that starts workers has somebody who reaps what they leave behind.
    let native: Vec<&&str> = images.iter().filter(|image| image.contains("opengris-scaler")).collect();
    assert!(native.len() == 1 && native[0].contains("ENTRYPOINT [\"tini\", \"--\", \"scaler-wm\"]"), "{native:?}");
    assert!(text.contains(&format!("ARG SCALER={LATEST}\n")));
    let manifest =
        fs::read_to_string(root().join("Cargo.toml")).map_err(|error| Failure::new("read Cargo.toml", error))?;
    let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    assert!(text.contains(&format!("ARG RUST={}\n", oldest.unwrap_or_default())), "{oldest:?}");
    Ok(())
}
