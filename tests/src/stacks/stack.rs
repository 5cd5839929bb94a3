//! A released OpenGRIS Scaler on loopback: object storage, scheduler, and what a test adds to it.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use super::ground::{Ground, TAIL};
use crate::processes::kill_all;
use crate::{
    Client, Failure, LATEST, LogFile, Manager, ManagerOptions, Ports, Proc, Process, Result, SchedulerLog, Script,
    Told, Transport, Venv, is_listening, python_scripts, until, with_connection_to,
};

/// Where a scheduler that is told reads what to ask for.
const WISH: &str = "wish";

/// How a stack is started.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The release of the Python package.
    pub release: &'static str,
    /// How its parts talk to each other.
    pub transport: Transport,
    /// The scheduler's policy.
    pub policy: String,
    /// Further arguments of the scheduler.
    pub scheduler_arguments: Vec<String>,
    /// Instead of its policy the scheduler asks at random for 1 up to this many workers, anew at every heartbeat; the
    /// numbers follow from the seed.
    pub churn: Option<(u64, u32)>,
    /// Instead of its policy the scheduler asks for what [`Stack::wish`] says, at first for nothing.
    pub is_told: bool,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            release: LATEST,
            transport: Transport::default(),
            policy: "allocate=even_load; scaling=vanilla".to_owned(),
            scheduler_arguments: Vec::new(),
            churn: None,
            is_told: false,
        }
    }
}

/// A running stack. Every process that belongs to it is killed when this is dropped.
#[derive(Debug)]
pub struct Stack {
    /// First: it kills everything before anything else goes.
    ground: Ground,
    options: StackOptions,
    venv: Venv,
    ports: Ports,
    scheduler: Process,
    _storage: Process,
}

impl Stack {
    /// Starts object storage and scheduler and waits until both listen.
    ///
    /// # Errors
    /// When the virtual environment cannot be made, or either does not come up.
    pub fn start(options: StackOptions) -> Result<Self> {
        let venv = Venv::ensure(options.release, &|line| eprintln!("{line}"))?;
        let ports = Ports::reserve()?;
        let ground = Ground::new(ports.scheduler, options.transport.environment())?;

        let mut command = Command::new(venv.program("scaler_object_storage_server"));
        command.arg(options.transport.address(ports.storage)).args(options.transport.arguments());
        ground.prepare(&mut command, &venv, "storage");
        let storage = Process::start("object storage", &mut command, ground.log("storage"))?;
        until("the object storage listen", 30.0, || is_listening(ports.storage).then_some(()))
            .map_err(|failure| failure.with_context(storage.log().tail(TAIL)))?;
        let scheduler = start_scheduler(&options, &venv, ports, &ground, ground.log("scheduler"))?;
        Ok(Self { ground, options, venv, ports, scheduler, _storage: storage })
    }

    /// What it stands on.
    pub(crate) fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The address that clients and managers are given.
    pub fn address(&self) -> String {
        self.options.transport.address(self.ports.scheduler)
    }

    /// Where its object storage listens.
    pub fn storage_address(&self) -> String {
        self.options.transport.address(self.ports.storage)
    }

    /// Where its monitor publishes.
    pub fn monitor_address(&self) -> String {
        self.options.transport.address(self.ports.monitor)
    }

    /// Lets a scheduler that is told ask for so much task concurrency from now on, of every manager.
    ///
    /// # Errors
    /// When the file from which it reads that cannot be written.
    pub fn wish(&self, task_concurrency: u32) -> Result<()> {
        let failed = |error: std::io::Error| Failure::new("tell the scheduler what to wish", error);
        // In one step, as it is read at any time.
        let new = self.folder().join("wish.new");
        fs::write(&new, task_concurrency.to_string()).map_err(failed)?;
        fs::rename(&new, self.folder().join(WISH)).map_err(failed)
    }

    /// When a scheduler that is told heard a manager's heartbeat, in seconds since the epoch.
    pub fn heartbeats(&self) -> Vec<f64> {
        let beats = LogFile::new(self.folder().join(format!("{WISH}.beats")));
        beats.text().lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// The longest time between two heartbeats of a manager that came between these two instants, in seconds; the time
    /// from and to the instants themselves counts too.
    pub fn longest_silence(&self, from: f64, to: f64) -> f64 {
        let mut beats = self.heartbeats();
        beats.retain(|beat| (from..=to).contains(beat));
        beats.insert(0, from);
        beats.push(to);
        beats.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
    }

    /// What every process that talks to it has in its environment.
    pub fn environment(&self) -> Option<(&'static str, &'static str)> {
        self.options.transport.environment()
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
        self.ground.folder()
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
        self.kill_scheduler()
    }

    /// Kills the scheduler at once (SIGKILL) and leaves its ports free.
    ///
    /// # Errors
    /// When somebody still listens on its port.
    pub fn kill_scheduler(&mut self) -> Result<()> {
        self.scheduler.kill();
        // That of 2.4.0 is a child of what was started, and outlives it.
        kill_all(|| self.ground.processes_of("scheduler"));
        until("the scheduler's port free", 10.0, || (!is_listening(self.ports.scheduler)).then_some(()))
    }

    /// Starts the scheduler again on the same ports, with a new log.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_scheduler(&mut self) -> Result<()> {
        let log = self.ground.new_log("scheduler");
        self.scheduler = start_scheduler(&self.options, &self.venv, self.ports, &self.ground, log)?;
        Ok(())
    }

    /// Starts a manager.
    ///
    /// # Errors
    /// When the binary is missing or cannot be started.
    pub fn manager(&self, options: &ManagerOptions) -> Result<Manager> {
        self.manager_at(&self.address(), options)
    }

    /// Starts a manager that is told another address.
    ///
    /// # Errors
    /// As [`Stack::manager`].
    pub fn manager_at(&self, address: &str, options: &ManagerOptions) -> Result<Manager> {
        let state = self.folder().join(format!("state-{}", options.id));
        let venv = options.backend.venv(options.kind, &self.venv)?;
        let mut command = options.command(&venv, address, state)?;
        self.ground.prepare(&mut command, &venv, "manager");
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        let process = Process::start("manager", &mut command, self.ground.new_log(&options.log_name))?;
        Ok(Manager::new(process, options.kind))
    }

    /// Lets `scaler-wm doctor` look at what a manager of these options has left, and do what the flags say besides.
    ///
    /// # Errors
    /// As [`Stack::manager`].
    pub fn doctor(&self, options: &ManagerOptions, flags: &[&str]) -> Result<Told> {
        self.told("doctor", options, flags)
    }

    /// What `scaler-wm config show` says that a manager of these options would run.
    ///
    /// # Errors
    /// As [`Stack::manager`].
    pub fn config_show(&self, options: &ManagerOptions) -> Result<Told> {
        self.told("config show", options, &[])
    }

    fn told(&self, words: &str, options: &ManagerOptions, flags: &[&str]) -> Result<Told> {
        let state = self.folder().join(format!("state-{}", options.id));
        let mut command = options.command(&self.venv, &self.address(), state)?;
        self.ground.prepare(&mut command, &self.venv, "told");
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        Told::of(words, &command, flags)
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

    /// Starts any other program beside it: a worker of another kind, say.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn process(&self, name: &str, command: &mut Command) -> Result<Process> {
        self.ground.prepare(command, &self.venv, name);
        Process::start(name, command, self.ground.new_log(name))
    }

    /// Starts a client of the stack's release.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn client(&self, script: &Script) -> Result<Client> {
        self.ground.client(&self.venv, &self.address(), script)
    }

    /// Workers connected now.
    pub fn connected(&self) -> usize {
        self.scheduler().connected().len()
    }

    /// Live processes that the managers of this stack started, themselves included.
    pub fn manager_processes(&self) -> Vec<Proc> {
        self.ground.processes_of("manager")
    }

    /// Live worker processes: those of the managers' processes that are connected to the scheduler, but not `manager`.
    pub fn workers(&self, manager: &Manager) -> Vec<Proc> {
        let mut processes = self.manager_processes();
        processes.retain(|process| process.pid != manager.pid());
        with_connection_to(self.ports.scheduler, processes)
    }

    /// All live processes of this stack.
    pub fn processes(&self) -> Vec<Proc> {
        self.ground.processes()
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
        self.ground.explain(failure)
    }
}

fn start_scheduler(
    options: &StackOptions,
    venv: &Venv,
    ports: Ports,
    ground: &Ground,
    log: LogFile,
) -> Result<Process> {
    let altered = |script: &str| {
        let mut command = Command::new(venv.python());
        command.arg(python_scripts().join(script));
        command
    };
    let mut command = match options.churn {
        Some((seed, limit)) => {
            let mut command = altered("churning_scheduler.py");
            command.args([seed.to_string(), limit.to_string()]);
            command
        }
        None if options.is_told => {
            let mut command = altered("told_scheduler.py");
            let file = ground.folder().join(WISH);
            File::options()
                .create(true)
                .append(true)
                .open(&file)
                .map_err(|error| Failure::new("make a wish", error))?;
            command.arg(file);
            command
        }
        None => Command::new(venv.program("scaler_scheduler")),
    };
    let address = |port| options.transport.address(port);
    command.arg(address(ports.scheduler)).args(["--object-storage-address", &address(ports.storage)]);
    command.args(["--monitor-address", &address(ports.monitor), "--policy-content", &options.policy]);
    command.args(options.transport.arguments()).args(&options.scheduler_arguments);
    ground.prepare(&mut command, venv, "scheduler");
    let process = Process::start("scheduler", &mut command, log)?;
    until("the scheduler listen", 30.0, || {
        (is_listening(ports.scheduler) && is_listening(ports.monitor)).then_some(())
    })
    .map_err(|failure| failure.with_context(process.log().tail(TAIL)))?;
    Ok(process)
}
