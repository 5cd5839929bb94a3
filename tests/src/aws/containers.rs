//! What the emulator's containers are: processes, with an environment and marks of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::processes::{MARKER, ROLE, UNIT};
use crate::stacks::{Ground, search_path};
use crate::{Failure, LogFile, Proc, Result, Venv, deadline, marked, python_scripts};

/// An image that cannot be pulled: nothing with it ever starts.
pub const MISSING_IMAGE: &str = "registry.invalid/scaler:missing";

/// Where the stand-in for the `docker` package reads what is said here (`tests/python/containers/docker/settings.py`).
const SETTINGS: &str = "SCALER_WM_TEST_CONTAINERS";

/// How containers are run.
#[derive(Debug)]
pub(crate) struct Engine<'a> {
    /// What is installed in every image.
    pub(crate) venv: &'a Venv,
    /// What an image runs, by its name: its entry point, or nothing for one that cannot be pulled.
    pub(crate) images: Value,
    /// What every image has in its environment beside that.
    pub(crate) environment: Map<String, Value>,
    /// How long a container takes to start, in seconds.
    pub(crate) start_seconds: f64,
    /// Whether a stop asks every process of a container to end, or its first one only, as container engines do.
    pub(crate) stops_group: bool,
}

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

    /// Lets the emulator that `command` starts run containers.
    pub(crate) fn prepare(&self, command: &mut Command, engine: Engine<'_>) -> Result<()> {
        let home = self.folder.join("home");
        std::fs::create_dir_all(&home).map_err(|error| Failure::new("make a home for containers", error))?;
        let mut environment = engine.environment;
        environment.insert("PATH".to_owned(), search_path(engine.venv).to_string_lossy().into());
        environment.insert("HOME".to_owned(), home.to_string_lossy().into());
        environment.insert("VIRTUAL_ENV".to_owned(), engine.venv.folder().to_string_lossy().into());
        let settings = json!({
            "folder": self.folder,
            "images": engine.images,
            "environment": environment,
            "marks": {MARKER: self.marker, ROLE: "unit"},
            "unit_variable": UNIT,
            "start_seconds": engine.start_seconds,
            "stops_group": engine.stops_group,
        });
        command.env(SETTINGS, settings.to_string()).env("PYTHONPATH", Self::scripts());
        // The container that it takes itself to run in, by which it learns under which address it is reached.
        command.env("HOSTNAME", "emulator");
        // Or it would leave compiled files beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(())
    }

    /// Where the stand-in is, and what images have.
    pub(crate) fn scripts() -> PathBuf {
        python_scripts().join("containers")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the container of a unit printed.
    pub(crate) fn log(&self, unit: &str) -> LogFile {
        LogFile::new(self.folder.join(format!("unit-{unit}.log")))
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
