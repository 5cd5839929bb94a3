//! What the emulator's instances are: processes, with folders and marks of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::processes::{MARKER, ROLE, UNIT};
use crate::stacks::Ground;
use crate::{LogFile, Proc, Venv, deadline, marked};

/// Where the emulator reads what is said here (`tests/python/machines/settings.py`).
const SETTINGS: &str = "SCALER_WM_TEST_MACHINES";

/// How instances are run.
#[derive(Clone, Debug)]
pub struct Ec2Options {
    /// Whether instances are processes. If not, they are running at once and do nothing: there can be thousands of them.
    pub executes: bool,
    /// How long an instance is pending, in seconds.
    pub start_seconds: f64,
    /// How long its processes are given to end by themselves when it shuts down, in seconds.
    pub stop_seconds: f64,
}

impl Default for Ec2Options {
    fn default() -> Self {
        Self { executes: true, start_seconds: 0.0, stop_seconds: 2.0 }
    }
}

/// The instances of one cloud, however they come up.
#[derive(Debug)]
pub(super) struct Machines {
    marker: String,
    folder: PathBuf,
}

impl Machines {
    pub(super) fn new(ground: &Ground) -> Self {
        Self { marker: ground.marker().to_owned(), folder: ground.folder().to_owned() }
    }

    /// Lets the emulator that `command` starts run instances, whose image has what is in `image`.
    pub(super) fn prepare(&self, command: &mut Command, image: &Venv, options: &Ec2Options) {
        let settings = json!({
            "folder": self.folder,
            "image": image.folder(),
            "path": std::env::var_os("PATH").unwrap_or_default().to_string_lossy(),
            "marks": {MARKER: self.marker, ROLE: "unit"},
            "unit_variable": UNIT,
            "executes": options.executes,
            "start_seconds": options.start_seconds,
            "stop_seconds": options.stop_seconds,
        });
        command.env(SETTINGS, settings.to_string());
        // Or it would leave compiled files beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the user data of an instance printed.
    pub(super) fn log(&self, instance: &str) -> LogFile {
        LogFile::new(self.folder.join(format!("unit-{instance}.log")))
    }

    /// A file of an instance, by its absolute path there.
    pub(super) fn file(&self, instance: &str, path: &str) -> LogFile {
        LogFile::new(self.folder.join(format!("machine-{instance}")).join(path.trim_start_matches('/')))
    }

    /// The live processes of instances.
    pub(super) fn processes(&self) -> Vec<Proc> {
        let mut processes = marked(&self.marker);
        processes.retain(|process| process.unit.is_some());
        processes
    }

    /// Kills everything on instances. A process that is being forked is seen by the next look.
    pub(super) fn kill(&self) {
        let end = deadline(5.0);
        let mut left = self.processes();
        while !left.is_empty() && Instant::now() < end {
            left.iter().for_each(Proc::kill);
            left = self.processes();
        }
    }
}
