//! `scaler-wm up FILE` on loopback: a whole stack from one file, watched from outside.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::process::Signal;

use super::ground::{Ground, loopback};
use crate::processes::signal;
use crate::{
    Client, Failure, LogFile, Ports, Proc, Process, Result, SchedulerLog, Script, Venv, manager_binary, until,
};

/// The role of everything that such a stack starts, clients apart.
const ROLE: &str = "up";

/// Free ports, a folder and a virtual environment for a stack that one file describes. Every process that belongs to it
/// is killed when this is dropped.
#[derive(Debug)]
pub struct UpStack {
    ground: Ground,
    venv: Venv,
    ports: Ports,
    gui: u16,
}

impl UpStack {
    /// Reserves what a stack needs; starts nothing.
    ///
    /// # Errors
    /// When the virtual environment cannot be made, or there are no free ports.
    pub fn new(release: &str) -> Result<Self> {
        let venv = Venv::ensure(release, &|line| eprintln!("{line}"))?;
        let ports = Ports::reserve()?;
        Ok(Self { ground: Ground::new(ports.scheduler, None)?, venv, ports, gui: Ports::reserve()?.scheduler })
    }

    /// The ports of scheduler, object storage and monitor.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// The port of the GUI.
    pub fn gui_port(&self) -> u16 {
        self.gui
    }

    /// The scheduler's address.
    pub fn address(&self) -> String {
        loopback(self.ports.scheduler)
    }

    /// Its virtual environment.
    pub fn venv(&self) -> &Venv {
        &self.venv
    }

    /// Its folder; the home folder of what it starts is in it.
    pub fn folder(&self) -> &Path {
        self.ground.folder()
    }

    /// The section of the object storage.
    pub fn storage_section(&self) -> String {
        format!("[object_storage_server]\nbind_address = \"{}\"\n", loopback(self.ports.storage))
    }

    /// The section of the scheduler.
    pub fn scheduler_section(&self) -> String {
        let (own, storage, monitor) = (self.address(), loopback(self.ports.storage), loopback(self.ports.monitor));
        format!(
            "[scheduler]\nbind_address = \"{own}\"\nobject_storage_address = \"{storage}\"\nmonitor_address = \
             \"{monitor}\"\n"
        )
    }

    /// The section of a `baremetal_native` manager with at most `limit` workers, and `more` keys.
    pub fn manager_section(&self, id: &str, limit: u32, more: &str) -> String {
        let id = if id.is_empty() { String::new() } else { format!("worker_manager_id = \"{id}\"\n") };
        format!(
            "[[worker_manager]]\ntype = \"baremetal_native\"\nscheduler_address = \"{}\"\n{id}max_task_concurrency = \
             {limit}\n{more}\n",
            self.address()
        )
    }

    /// The section of the GUI.
    pub fn gui_section(&self) -> String {
        let monitor = loopback(self.ports.monitor);
        format!("[gui]\nmonitor_address = \"{monitor}\"\ngui_address = \"127.0.0.1:{}\"\n", self.gui)
    }

    /// Object storage and scheduler, before `managers`.
    pub fn core_and(&self, managers: &str) -> String {
        [&*self.storage_section(), &self.scheduler_section(), managers].concat()
    }

    /// Writes a file of this stack; where it lies.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder().join(name);
        std::fs::write(&path, text).map_err(|error| Failure::new(format!("write {name}"), error))?;
        Ok(path)
    }

    /// Starts `scaler-wm up` with a file of this text, and further arguments.
    ///
    /// # Errors
    /// When the binary is missing or cannot be started.
    pub fn up(&self, toml: &str, arguments: &[&str]) -> Result<Up> {
        let mut command = Command::new(manager_binary()?);
        command.arg("up").arg(self.write("stack.toml", toml)?).arg("--python").arg(self.venv.python());
        command.args(arguments);
        self.start(&mut command)
    }

    /// Starts `scaler-wm up` and waits until everything is up.
    ///
    /// # Errors
    /// As [`UpStack::up`], and when it does not come up.
    pub fn all_up(&self, toml: &str, arguments: &[&str]) -> Result<Up> {
        let mut up = self.up(toml, arguments)?;
        self.until_up(&mut up)?;
        Ok(up)
    }

    /// Waits until everything is up.
    ///
    /// # Errors
    /// When it ends before, or takes longer than 30 s.
    pub fn until_up(&self, up: &mut Up) -> Result<()> {
        self.until_said(up, &["everything is up"], 30.0)
    }

    /// Waits until a line with all of `words` is on the standard error of `up`.
    ///
    /// # Errors
    /// When it ends before, or the time is over.
    pub fn until_said(&self, up: &mut Up, words: &[&str], seconds: f64) -> Result<()> {
        let what = format!("a line with {words:?} on standard error");
        let ended = self.until(&what, seconds, || {
            // In this order: what it said last is there once it has ended.
            let ended = up.exited();
            if up.says(words) { Some(None) } else { ended.map(Some) }
        })?;
        match ended {
            None => Ok(()),
            Some(status) => Err(self.explain(Failure::new(format!("see {what}"), format!("it ended: {status}")))),
        }
    }

    /// Starts any command in the stack's environment: everything that comes of it is killed with the stack.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, command: &mut Command) -> Result<Up> {
        self.prepare(command);
        let (output, errors) = (self.ground.new_log("output"), self.ground.new_log("errors"));
        let process = Process::start_apart("command", command, output, &errors)?;
        Ok(Up { process, errors })
    }

    pub(crate) fn prepare(&self, command: &mut Command) {
        self.ground.prepare(command, &self.venv, ROLE);
        let home = self.folder().join("home");
        command.env("HOME", home).env_remove("XDG_STATE_HOME");
    }

    /// Starts a client.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn client(&self, script: &Script) -> Result<Client> {
        self.ground.client(&self.venv, &self.address(), script)
    }

    /// All live processes that [`UpStack::start`] led to.
    pub fn processes(&self) -> Vec<Proc> {
        self.ground.processes_of(ROLE)
    }

    /// The process of a part: the child of `up` that the package's command `program` is.
    ///
    /// # Errors
    /// When there is none.
    pub fn part(&self, up: &Up, program: &str) -> Result<Proc> {
        let file = format!("/{program}");
        let mut processes = self.processes();
        processes.retain(|process| process.parent == up.pid() && process.command.contains(&file));
        let found = processes.into_iter().next();
        found.ok_or_else(|| self.explain(Failure::new(format!("find {program}"), "no child of `up` is it")))
    }

    /// Waits as [`crate::until`] does; a failure shows the ends of all logs and the live processes.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until<T>(&self, what: &str, seconds: f64, look: impl FnMut() -> Option<T>) -> Result<T> {
        until(what, seconds, look).map_err(|failure| self.explain(failure))
    }

    /// Waits until no process that [`UpStack::start`] led to is left.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_nothing_left(&self, seconds: f64) -> Result<()> {
        self.until("no process left", seconds, || self.processes().is_empty().then_some(()))
    }

    /// Waits for the end of `up` with exit code `code`; nothing may be left then.
    ///
    /// # Errors
    /// When it does not end in time, ends otherwise, or leaves something.
    pub fn until_ended(&self, up: &mut Up, code: i32, seconds: f64) -> Result<()> {
        let status = up.process.wait(seconds).map_err(|failure| self.explain(failure))?;
        self.check(status.code() == Some(code), &format!("exit code {code}"), status)?;
        self.until_nothing_left(1.0)
    }

    /// A failure when `holds` is false. `what` completes the sentence "failed to see …".
    ///
    /// # Errors
    /// When `holds` is false.
    pub fn check(&self, holds: bool, what: &str, detail: impl Display) -> Result<()> {
        if holds { Ok(()) } else { Err(self.explain(Failure::new(format!("see {what}"), detail))) }
    }

    /// The failure with the ends of all logs; the folder is then kept.
    pub fn explain(&self, failure: Failure) -> Failure {
        self.ground.explain(failure)
    }
}

/// A command that runs on an [`UpStack`].
#[derive(Debug)]
pub struct Up {
    process: Process,
    errors: LogFile,
}

impl Up {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Its standard output: logs.
    pub fn output(&self) -> &LogFile {
        self.process.log()
    }

    /// Its standard error: what `up` tells of its parts.
    pub fn errors(&self) -> &LogFile {
        &self.errors
    }

    /// What the scheduler says on its standard output.
    pub fn scheduler(&self) -> SchedulerLog {
        SchedulerLog::new(self.output().clone())
    }

    /// Whether a line with all of `words` is on its standard error.
    pub fn says(&self, words: &[&str]) -> bool {
        !self.errors.lines_with(words).is_empty()
    }

    /// Its exit status when it has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.process.exited()
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Asks it to stop, as Ctrl-C does (SIGINT).
    pub fn interrupt(&self) {
        signal(self.pid(), Signal::INT);
    }

    /// Kills it at once (SIGKILL).
    pub fn kill(&mut self) {
        self.process.kill();
    }
}
