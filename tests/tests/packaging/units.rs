//! The units that packages bring for systemd.

use std::fs;
use std::process::Command;

use scaler_wm_tests::{Failure, Result, manager_binary};

use crate::{is_there, root};

/// Where packages put the binary.
const PROGRAM: &str = "/usr/bin/scaler-wm";
const UNITS: [&str; 2] = ["scaler-wm@.service", "scaler-wm-up.service"];

fn text_of(unit: &str) -> Result<String> {
    let path = root().join("packaging/systemd").join(unit);
    fs::read_to_string(&path).map_err(|error| Failure::new(format!("read {}", path.display()), error))
}

/// Everything that the program counts on.
#[test]
fn units_say_what_the_program_stands_on() -> Result<()> {
    for unit in UNITS {
        let text = text_of(unit)?;
        for line in [
            "Type=notify",
            "NotifyAccess=main",
            "WatchdogSec=60s",
            "KillMode=mixed",
            "OOMPolicy=continue",
            "RestartPreventExitStatus=2",
            "DynamicUser=yes",
            "WantedBy=multi-user.target",
        ] {
            assert!(text.lines().any(|there| there == line), "{unit} has no {line}");
        }
        assert!(text.contains(&format!("\nExecStart={PROGRAM} ")), "{unit}");
    }
    Ok(())
}

/// A command line of a unit, as it would be run, is one that the program takes.
#[test]
fn the_program_takes_what_units_start() -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let file = folder.path().join("local.toml");
    let manager = "[[worker_manager]]\ntype = \"baremetal_native\"\nscheduler_address = \"tcp://127.0.0.1:1\"\n\
                   worker_manager_id = \"local\"\n";
    fs::write(&file, manager).map_err(|error| Failure::new("write a file", error))?;
    for unit in UNITS {
        let text = text_of(unit)?;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("ExecStart={PROGRAM} ")));
        let line = line
            .unwrap_or_default()
            .replace("${SCALER_WM_TYPE}", "baremetal_native")
            .replace("/etc/scaler-wm/%i.toml", &file.display().to_string())
            .replace("/etc/scaler-wm/config.toml", &file.display().to_string())
            .replace("%S/scaler-wm/%i", &folder.path().display().to_string());
        assert!(!line.contains(['%', '$']), "{line}");
        // What it would run is shown instead.
        let words = line.strip_prefix("up ").unwrap_or(&line).split(' ');
        let output = Command::new(manager_binary()?).args(["config", "show"]).args(words).output();
        let output = output.map_err(|error| Failure::new("run scaler-wm", error))?;
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

#[test]
fn systemd_has_no_complaint_about_any_unit() -> Result<()> {
    if !is_there("systemd-analyze") {
        return Ok(());
    }
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let binary = manager_binary()?.display().to_string();
    for unit in UNITS {
        // It looks for the program, and at one of the units that a template stands for.
        let path = folder.path().join(unit.replace('@', "@local"));
        let text = text_of(unit)?.replace(PROGRAM, &binary);
        fs::write(&path, text).map_err(|error| Failure::new("write a unit", error))?;
        let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output();
        let output = output.map_err(|error| Failure::new("run systemd-analyze", error))?;
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{unit}: {complaints}");
    }
    Ok(())
}
