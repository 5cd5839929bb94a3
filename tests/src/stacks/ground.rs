//! What one stack stands on: its marker, its folder, its logs. Nothing of it stays behind.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, id};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

use crate::processes::{MARKER, ROLE, kill_all};
use crate::{Client, Failure, LogFile, Proc, Process, Result, Script, Venv, is_interrupted, marked, python_scripts};

/// Lines of each log that a failure shows.
pub(crate) const TAIL: usize = 30;

/// Units of which a failure shows the log.
const UNITS_SHOWN: usize = 6;

/// Stacks that run at once: each wants most of a core while it starts.
const AT_ONCE: u32 = 2;

/// Marker, folder and logs of one stack. Every process with the marker is killed when this is dropped; the folder goes,
/// unless a failure was explained.
#[derive(Debug)]
pub struct Ground {
    marker: String,
    environment: Option<(&'static str, &'static str)>,
    logs: AtomicU32,
    keep: AtomicBool,
    folder: Option<TempDir>,
    _permit: Permit,
}

impl Ground {
    /// A new one for the stack that holds `port`; waits until there is room for one more stack.
    pub(crate) fn new(port: u16, environment: Option<(&'static str, &'static str)>) -> Result<Self> {
        let permit = Permit::take();
        let folder = tempfile::Builder::new().prefix("scaler-wm-").tempdir();
        let folder = folder.map_err(|error| Failure::new("make a folder for logs", error))?;
        Ok(Self {
            environment,
            marker: format!("{}-{port}", id()),
            logs: AtomicU32::new(0),
            keep: AtomicBool::new(false),
            folder: Some(folder),
            _permit: permit,
        })
    }

    /// What every process of the stack carries as [`MARKER`].
    pub(crate) fn marker(&self) -> &str {
        &self.marker
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new("."), TempDir::path)
    }

    /// A log with a number, so that the next one of this name does not go into it.
    pub(crate) fn new_log(&self, name: &str) -> LogFile {
        self.log(&format!("{name}-{}", self.logs.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn log(&self, name: &str) -> LogFile {
        LogFile::new(self.folder().join(format!("{name}.log")))
    }

    /// Lets everything that `command` starts carry the marker, and find the virtual environment as an active one.
    pub(crate) fn prepare(&self, command: &mut Command, venv: &Venv, role: &str) {
        command.env(MARKER, &self.marker).env(ROLE, role).env("PYTHONUNBUFFERED", "1");
        command.env("VIRTUAL_ENV", venv.folder());
        command.envs(self.environment);
        command.env("PATH", search_path(venv));
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    }

    /// Starts a client of the scheduler at `address`.
    pub(crate) fn client(&self, venv: &Venv, address: &str, script: &Script) -> Result<Client> {
        let log = self.new_log("client");
        let starts = LogFile::new(log.path().with_extension("starts"));
        let mut command = Command::new(venv.python());
        command.arg(python_scripts().join(script.file())).arg(address).arg(starts.path());
        command.args(script.arguments());
        self.prepare(&mut command, venv, "client");
        Ok(Client::new(Process::start("client", &mut command, log)?, starts))
    }

    /// All live processes of the stack.
    pub(crate) fn processes(&self) -> Vec<Proc> {
        marked(&self.marker)
    }

    /// The live ones of a role.
    pub(crate) fn processes_of(&self, role: &str) -> Vec<Proc> {
        let mut processes = self.processes();
        processes.retain(|process| process.role.as_deref() == Some(role));
        processes
    }

    /// The failure with the ends of all logs; the folder is then kept. An interruption stays as it is.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        if is_interrupted() {
            // Nothing went wrong, and whoever pressed Ctrl-C wants no logs.
            return failure;
        }
        self.keep.store(true, Ordering::Relaxed);
        let mut text = format!("logs are kept in {}\n", self.folder().display());
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.folder()).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        // Units may be many, and say much the same.
        let mut units = 0;
        paths.retain(|path| {
            let is_unit = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("unit-"));
            units += usize::from(is_unit);
            !is_unit || units <= UNITS_SHOWN
        });
        for path in paths.iter().filter(|path| path.extension() == Some(OsStr::new("log"))) {
            let tail = LogFile::new(path).tail(TAIL);
            text.push_str(&format!("--- {}\n{tail}\n", path.display()));
        }
        text.push_str("--- live processes\n");
        for process in self.processes() {
            let command: String = process.command.chars().take(100).collect();
            text.push_str(&format!("{} (child of {}): {command}\n", process.pid, process.parent));
        }
        failure.with_context(text)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        kill_all(|| self.processes());
        let keep = self.keep.load(Ordering::Relaxed) || thread::panicking();
        if (keep || std::env::var_os("SCALER_WM_KEEP_LOGS").is_some())
            && let Some(folder) = self.folder.take()
        {
            eprintln!("logs are kept in {}", folder.keep().display());
        }
    }
}

/// `PATH` with the programs of a virtual environment first.
pub(crate) fn search_path(venv: &Venv) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(venv.folder().join("bin")).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap_or(path)
}

/// An address on loopback.
pub(crate) fn loopback(port: u16) -> String {
    format!("tcp://127.0.0.1:{port}")
}

/// A place among the stacks that may run at once.
#[derive(Debug)]
struct Permit;

static RUNNING: Mutex<u32> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

impl Permit {
    fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running =
            FREED.wait_while(running, |running| *running >= AT_ONCE).unwrap_or_else(PoisonError::into_inner);
        *running += 1;
        Self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
