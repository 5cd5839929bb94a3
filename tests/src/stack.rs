//! A released OpenGRIS Scaler on loopback: object storage, scheduler, and what a test adds to it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, id};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::proc_tree::{MARKER, ROLE};
use crate::{
    Client, Failure, LATEST, LogFile, Manager, ManagerOptions, Ports, Proc, Process, Result, SchedulerLog, Script,
    Venv, deadline, is_interrupted, is_listening, marked, python_scripts, until, with_connection_to,
};

/// Lines of each log that a failure shows.
const TAIL: usize = 30;

/// Stacks that run at once: each wants most of a core while it starts.
const AT_ONCE: u32 = 2;

/// How a stack is started.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The release of the Python package.
    pub release: &'static str,
    /// The scheduler's policy.
    pub policy: String,
    /// Further arguments of the scheduler.
    pub scheduler_arguments: Vec<String>,
    /// Instead of its policy the scheduler asks at random for 1 up to this many workers, anew at every heartbeat; the
    /// numbers follow from the seed.
    pub churn: Option<(u64, u32)>,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            release: LATEST,
            policy: "allocate=even_load; scaling=vanilla".to_owned(),
            scheduler_arguments: Vec::new(),
            churn: None,
        }
    }
}

/// A running stack. Every process that belongs to it is killed when this is dropped.
#[derive(Debug)]
pub struct Stack {
    options: StackOptions,
    venv: Venv,
    ports: Ports,
    marker: String,
    logs: AtomicU32,
    keep: AtomicBool,
    scheduler: Process,
    _storage: Process,
    folder: Option<TempDir>,
    _permit: Permit,
}

impl Stack {
    /// Starts object storage and scheduler and waits until both listen.
    ///
    /// # Errors
    /// When the virtual environment cannot be made, or either does not come up.
    pub fn start(options: StackOptions) -> Result<Self> {
        let venv = Venv::ensure(options.release, &|line| eprintln!("{line}"))?;
        let permit = Permit::take();
        let ports = Ports::reserve()?;
        let folder = tempfile::Builder::new().prefix("scaler-wm-").tempdir();
        let folder = folder.map_err(|error| Failure::new("make a folder for logs", error))?;
        let marker = format!("{}-{}", id(), ports.scheduler);

        let mut command = Command::new(venv.program("scaler_object_storage_server"));
        command.arg(loopback(ports.storage));
        environment(&mut command, &venv, &marker, "storage");
        let storage = Process::start("object storage", &mut command, log_in(folder.path(), "storage"))?;
        until("the object storage listen", 30.0, || is_listening(ports.storage).then_some(()))
            .map_err(|failure| failure.with_context(storage.log().tail(TAIL)))?;
        let scheduler = start_scheduler(&options, &venv, ports, &marker, log_in(folder.path(), "scheduler"))?;
        Ok(Self {
            options,
            venv,
            ports,
            marker,
            logs: AtomicU32::new(0),
            keep: AtomicBool::new(false),
            scheduler,
            _storage: storage,
            folder: Some(folder),
            _permit: permit,
        })
    }

    /// The address that clients and managers are given.
    pub fn address(&self) -> String {
        loopback(self.ports.scheduler)
    }

    /// Its ports.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Its virtual environment.
    pub fn venv(&self) -> &Venv {
        &self.venv
    }

    /// Its folder: logs, state of managers, files of tasks.
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new("."), TempDir::path)
    }

    /// What the scheduler says; after a restart, what the new one says.
    pub fn scheduler(&self) -> SchedulerLog {
        SchedulerLog::new(self.scheduler.log().clone())
    }

    /// Stops the scheduler (SIGTERM, then SIGKILL) and leaves its ports free.
    ///
    /// # Errors
    /// When somebody still listens on its port.
    pub fn stop_scheduler(&mut self) -> Result<()> {
        self.scheduler.terminate();
        // A scheduler that does not leave when asked is killed: the tests are about what the manager does then.
        let _ = self.scheduler.wait(10.0);
        self.scheduler.kill();
        until("the scheduler's port free", 10.0, || (!is_listening(self.ports.scheduler)).then_some(()))
    }

    /// Starts the scheduler again on the same ports, with a new log.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_scheduler(&mut self) -> Result<()> {
        let log = self.new_log("scheduler");
        self.scheduler = start_scheduler(&self.options, &self.venv, self.ports, &self.marker, log)?;
        Ok(())
    }

    /// Starts a manager.
    ///
    /// # Errors
    /// When the binary is missing or cannot be started.
    pub fn manager(&self, options: &ManagerOptions) -> Result<Manager> {
        let state = self.folder().join(format!("state-{}", options.id));
        let mut command = options.command(&self.venv, &self.address(), state)?;
        environment(&mut command, &self.venv, &self.marker, "manager");
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        let process = Process::start("manager", &mut command, self.new_log(&options.log_name))?;
        Ok(Manager::new(process, options.kind))
    }

    /// Starts a manager and waits until the scheduler has taken its first heartbeat.
    ///
    /// # Errors
    /// As [`Stack::manager`], and when no heartbeat arrives.
    pub fn connected_manager(&self, options: &ManagerOptions) -> Result<Manager> {
        let mut manager = self.manager(options)?;
        let ended = self.until("the manager at the scheduler", 20.0, || match manager.exited() {
            Some(status) => Some(Some(status)),
            None => self.scheduler().manager_connected().then_some(None),
        })?;
        match ended {
            Some(status) => {
                Err(self.explain(Failure::new("see the manager at the scheduler", format!("it ended: {status}"))))
            }
            None => Ok(manager),
        }
    }

    /// Starts a client of the stack's release.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn client(&self, script: &Script) -> Result<Client> {
        let log = self.new_log("client");
        let starts = LogFile::new(log.path().with_extension("starts"));
        let mut command = Command::new(self.venv.python());
        command.arg(python_scripts().join(script.file())).arg(self.address()).arg(starts.path());
        command.args(script.arguments());
        environment(&mut command, &self.venv, &self.marker, "client");
        Ok(Client::new(Process::start("client", &mut command, log)?, starts))
    }

    /// Workers connected now.
    pub fn connected(&self) -> usize {
        self.scheduler().connected().len()
    }

    /// Live processes that the managers of this stack started, themselves included.
    pub fn manager_processes(&self) -> Vec<Proc> {
        let mut processes = marked(&self.marker);
        processes.retain(|process| process.role.as_deref() == Some("manager"));
        processes
    }

    /// Live worker processes: those of the managers' processes that are connected to the scheduler, but not `manager`.
    pub fn workers(&self, manager: &Manager) -> Vec<Proc> {
        let mut processes = self.manager_processes();
        processes.retain(|process| process.pid != manager.pid());
        with_connection_to(self.ports.scheduler, processes)
    }

    /// All live processes of this stack.
    pub fn processes(&self) -> Vec<Proc> {
        marked(&self.marker)
    }

    /// Waits as [`until`] does; a failure shows the ends of all logs and the live processes.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until<T>(&self, what: &str, seconds: f64, look: impl FnMut() -> Option<T>) -> Result<T> {
        until(what, seconds, look).map_err(|failure| self.explain(failure))
    }

    /// Waits until exactly `count` workers are connected.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_connected(&self, count: usize, seconds: f64) -> Result<()> {
        self.until(&format!("{count} connected workers"), seconds, || (self.connected() == count).then_some(()))
    }

    /// Waits until no process that a manager started is left.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_nothing_left(&self, seconds: f64) -> Result<()> {
        self.until("no process of the manager left", seconds, || self.manager_processes().is_empty().then_some(()))
    }

    /// A failure when `holds` is false. `what` completes the sentence "failed to see …".
    ///
    /// # Errors
    /// When `holds` is false.
    pub fn check(&self, holds: bool, what: &str, detail: impl std::fmt::Display) -> Result<()> {
        if holds { Ok(()) } else { Err(self.explain(Failure::new(format!("see {what}"), detail))) }
    }

    /// The failure with the ends of all logs; the folder is then kept. An interruption stays as it is.
    pub fn explain(&self, failure: Failure) -> Failure {
        if is_interrupted() {
            // Nothing went wrong, and whoever pressed Ctrl-C wants no logs.
            return failure;
        }
        self.keep.store(true, Ordering::Relaxed);
        let mut text = format!("logs are kept in {}\n", self.folder().display());
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.folder()).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
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

    fn new_log(&self, name: &str) -> LogFile {
        log_in(self.folder(), &format!("{name}-{}", self.logs.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // Again and again: a process that is being forked while the list is read is found the next time. Not by `until`,
        // which gives up when the program is interrupted.
        let end = deadline(10.0);
        let mut left = marked(&self.marker);
        while !left.is_empty() && Instant::now() < end {
            left.iter().for_each(Proc::kill);
            thread::sleep(Duration::from_millis(10));
            left = marked(&self.marker);
        }
        if !left.is_empty() {
            eprintln!("processes of the stack are left: {left:?}");
        }
        let keep = self.keep.load(Ordering::Relaxed) || thread::panicking();
        if (keep || std::env::var_os("SCALER_WM_KEEP_LOGS").is_some())
            && let Some(folder) = self.folder.take()
        {
            eprintln!("logs are kept in {}", folder.keep().display());
        }
    }
}

fn loopback(port: u16) -> String {
    format!("tcp://127.0.0.1:{port}")
}

fn log_in(folder: &Path, name: &str) -> LogFile {
    LogFile::new(folder.join(format!("{name}.log")))
}

fn environment(command: &mut Command, venv: &Venv, marker: &str, role: &str) {
    command.env(MARKER, marker).env(ROLE, role).env("PYTHONUNBUFFERED", "1").env("VIRTUAL_ENV", venv.folder());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(venv.folder().join("bin")).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
}

fn start_scheduler(options: &StackOptions, venv: &Venv, ports: Ports, marker: &str, log: LogFile) -> Result<Process> {
    let mut command = match options.churn {
        None => Command::new(venv.program("scaler_scheduler")),
        Some((seed, limit)) => {
            let mut command = Command::new(venv.python());
            command.arg(python_scripts().join("churning_scheduler.py")).args([seed.to_string(), limit.to_string()]);
            command
        }
    };
    command.arg(loopback(ports.scheduler)).args(["--object-storage-address", &loopback(ports.storage)]);
    command.args(["--monitor-address", &loopback(ports.monitor), "--policy-content", &options.policy]);
    command.args(&options.scheduler_arguments);
    environment(&mut command, venv, marker, "scheduler");
    let process = Process::start("scheduler", &mut command, log)?;
    until("the scheduler listen", 30.0, || {
        (is_listening(ports.scheduler) && is_listening(ports.monitor)).then_some(())
    })
    .map_err(|failure| failure.with_context(process.log().tail(TAIL)))?;
    Ok(process)
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
