//! What the emulator's containers are: processes, with an environment and marks of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use super::emulator::EmulatorOptions;
use crate::ground::{Ground, search_path};
use crate::proc_tree::{MARKER, ROLE, UNIT};
use crate::{Failure, LogFile, Proc, Result, Venv, deadline, marked, python_scripts};

/// An image that cannot be pulled: tasks with it never start.
pub const MISSING_IMAGE: &str = "registry.invalid/scaler:missing";

/// Where the stand-in for the `docker` package reads what is said here (`tests/python/containers/docker/settings.py`).
const SETTINGS: &str = "SCALER_WM_TEST_CONTAINERS";

/// The containers of one stack, however they come up.
#[derive(Debug)]
pub(crate) struct Containers {
    marker: String,
    folder: PathBuf,
}

impl Containers {
    pub(crate) fn new(ground: &Ground) -> Self {
        Self { marker: ground.marker().to_owned(), folder: ground.folder().to_owned() }
    }

    /// Lets the emulator that `command` starts run containers, in which the programs of `venv` are found.
    pub(crate) fn prepare(&self, command: &mut Command, venv: &Venv, options: &EmulatorOptions) -> Result<()> {
        let home = self.folder.join("home");
        std::fs::create_dir_all(&home).map_err(|error| Failure::new("make a home for containers", error))?;
        let scripts = python_scripts().join("containers");
        let entry_point = scripts.join("entrypoint.sh");
        let settings = json!({
            "folder": self.folder,
            "images": {"*": ["sh", entry_point], MISSING_IMAGE: null},
            "environment": {
                "PATH": search_path(venv).to_string_lossy(),
                "HOME": home,
                "VIRTUAL_ENV": venv.folder(),
            },
            "marks": {MARKER: self.marker, ROLE: "unit"},
            "unit_variable": UNIT,
            "start_seconds": options.start_seconds,
            "stops_group": options.stops_group,
        });
        command.env(SETTINGS, settings.to_string()).env("PYTHONPATH", scripts);
        // The container that it takes itself to run in, by which it learns under which address it is reached.
        command.env("HOSTNAME", "emulator");
        // Or it would leave compiled files beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the container of a task printed.
    pub(crate) fn log(&self, task: &str) -> LogFile {
        LogFile::new(self.folder.join(format!("unit-{task}.log")))
    }

    /// The live processes in containers.
    pub(crate) fn processes(&self) -> Vec<Proc> {
        let mut processes = marked(&self.marker);
        processes.retain(|process| process.unit.is_some());
        processes
    }

    /// Kills everything in containers. A process that is being forked is seen by the next look.
    pub(crate) fn kill(&self) {
        let end = deadline(5.0);
        let mut left = self.processes();
        while !left.is_empty() && Instant::now() < end {
            left.iter().for_each(Proc::kill);
            left = self.processes();
        }
    }
}
