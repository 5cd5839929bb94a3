//! Symphony on this machine: the simulator that managers load, and what is in its folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Backend, Failure, Proc, Result, Stack, all_processes, symphony_library};

/// The application that it knows.
pub(crate) const APPLICATION: &str = "ScalerService";

/// A simulated cluster. It outlives managers; its processes end with the stack that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symphony {
    library: PathBuf,
    folder: PathBuf,
    python: PathBuf,
}

impl Symphony {
    /// A cluster for managers of a stack, without sessions. Its instances have the packages of that stack.
    ///
    /// # Errors
    /// When the simulator cannot be built, or there is no room for its folder.
    pub fn new(stack: &Stack) -> Result<Self> {
        let folder = stack.folder().join("symphony");
        fs::create_dir_all(&folder).map_err(|error| Failure::new("make a folder for Symphony", error))?;
        Ok(Self { library: symphony_library()?, folder, python: stack.venv().python() })
    }

    /// Managers whose tasks run here.
    pub fn backend(&self) -> Backend {
        Backend::Symphony(self.clone())
    }

    /// What goes wrong from now on, as the simulator's README has it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_faults(&self, faults: &str) -> Result<()> {
        let failed = |error| Failure::new("write faults", error);
        // As a whole: it is read at any moment.
        let fresh = self.folder.join("faults.new");
        fs::write(&fresh, faults).map_err(failed)?;
        fs::rename(&fresh, self.folder.join("faults")).map_err(failed)
    }

    /// The ids of the sessions that are there.
    pub fn sessions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join("sessions")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// What a session was made with, in lines of `key=value`.
    ///
    /// # Errors
    /// When there is no such session.
    pub fn facts(&self, session: &str) -> Result<Vec<String>> {
        let text = fs::read_to_string(self.folder.join("sessions").join(session).join("facts"));
        let text = text.map_err(|error| Failure::new("read what a session was made with", error))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// How many answers lie in sessions, whether anybody was told of them or not.
    pub fn answers(&self) -> usize {
        let files = |session: String| fs::read_dir(self.folder.join("sessions").join(session)).into_iter().flatten();
        let names = self.sessions().into_iter().flat_map(files).flatten().map(|entry| entry.path());
        names.filter(|path| path.extension().is_some_and(|ending| ending == "out")).count()
    }

    /// The processes of service instances.
    pub fn instances(&self) -> Vec<Proc> {
        let mut processes = all_processes();
        processes.retain(|process| process.command.contains(&*self.instances_folder().to_string_lossy()));
        processes
    }

    fn instances_folder(&self) -> PathBuf {
        self.folder.join("instances")
    }

    /// Where its state is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn arguments(&self) -> Vec<PathBuf> {
        vec!["--service-name".into(), APPLICATION.into(), "--soam-library".into(), self.library.clone()]
    }

    pub(crate) fn prepare(&self, command: &mut Command) {
        command.env("SCALER_SOAM_SIM_DIR", &self.folder).env("SCALER_SOAM_SIM_PYTHON", &self.python);
        command.env("SCALER_SOAM_SIM_APPLICATIONS", APPLICATION).env("SCALER_SOAM_SIM_PASSWORD", "Guest");
        command.env_remove("SCALER_SOAM_LIBRARY").env_remove("SOAM_HOME").env_remove("SCALER_SOAM_SIM_SERVICE");
    }
}
