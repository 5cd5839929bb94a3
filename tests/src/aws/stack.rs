//! A released OpenGRIS Scaler beside AWS on loopback.

use std::collections::{BTreeMap, BTreeSet};

use super::cloud::CloudOf;
use super::emulation::Emulation;
use crate::{
    Client, Failure, Manager, ManagerOptions, Proc, Result, SchedulerLog, Script, Stack, StackOptions, Told,
    with_connection_to,
};

/// How both are started.
#[derive(Clone, Debug, Default)]
pub struct CloudStackOptions<O> {
    /// The scheduler and its like.
    pub stack: StackOptions,
    /// AWS.
    pub emulator: O,
}

/// A stack whose managers find their workers' machines in AWS. Every process of both is killed when this is dropped.
#[derive(Debug)]
pub struct CloudStack<E: Emulation> {
    /// First: it kills everything before anything else goes. Public for all that it can do besides.
    pub stack: Stack,
    /// AWS.
    pub cloud: CloudOf<E>,
}

impl<E: Emulation> CloudStack<E> {
    /// Starts all parts and waits until they are up.
    ///
    /// # Errors
    /// When a virtual environment cannot be made, or a part does not come up.
    pub fn start(options: CloudStackOptions<E::Options>) -> Result<Self> {
        let stack = Stack::start(options.stack)?;
        let cloud = CloudOf::on(stack.ground(), stack.venv(), &options.emulator);
        let cloud = cloud.map_err(|failure| stack.explain(failure))?;
        Ok(Self { stack, cloud })
    }

    /// Starts a manager of this cloud: whatever `options` say of the backend, it talks to this stack's proxy.
    ///
    /// # Errors
    /// When its program is missing or cannot be started.
    pub fn manager(&self, options: &ManagerOptions) -> Result<Manager> {
        self.stack.manager(&self.with_endpoint(options))
    }

    /// Starts a manager of this cloud and waits until the scheduler has taken its first heartbeat.
    ///
    /// # Errors
    /// As [`CloudStack::manager`], and when no heartbeat arrives.
    pub fn connected_manager(&self, options: &ManagerOptions) -> Result<Manager> {
        self.stack.connected_manager(&self.with_endpoint(options))
    }

    /// Lets `scaler-wm doctor` look at what a manager of these options has left, and do what the flags say besides.
    ///
    /// # Errors
    /// As [`CloudStack::manager`].
    pub fn doctor(&self, options: &ManagerOptions, flags: &[&str]) -> Result<Told> {
        self.stack.doctor(&self.with_endpoint(options), flags)
    }

    fn with_endpoint(&self, options: &ManagerOptions) -> ManagerOptions {
        ManagerOptions { backend: E::backend(self.cloud.proxy.endpoint()), ..options.clone() }
    }

    /// Starts a client.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn client(&self, script: &Script) -> Result<Client> {
        self.stack.client(script)
    }

    /// What the scheduler says.
    pub fn scheduler(&self) -> SchedulerLog {
        self.stack.scheduler()
    }

    /// Workers connected now.
    pub fn connected(&self) -> usize {
        self.stack.connected()
    }

    /// Live worker processes in units: those that are connected to the scheduler.
    pub fn workers(&self) -> Vec<Proc> {
        with_connection_to(self.stack.ports().scheduler, self.cloud.emulator.processes())
    }

    /// The live units, asked past the proxy.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn units(&self) -> Result<Vec<E::Unit>> {
        self.cloud.units().map_err(|failure| self.explain(failure))
    }

    /// Waits as [`crate::until`] does; a failure shows the ends of all logs, those of the calls among them, and the live
    /// processes.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until<T>(&self, what: &str, seconds: f64, look: impl FnMut() -> Option<T>) -> Result<T> {
        self.stack.until(what, seconds, look)
    }

    /// Waits until exactly `count` workers are connected.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_connected(&self, count: usize, seconds: f64) -> Result<()> {
        self.stack.until_connected(count, seconds)
    }

    /// Waits until exactly `units` units are live, all of them run, and exactly `workers` are connected.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_settled(&self, units: usize, workers: usize, seconds: f64) -> Result<Vec<E::Unit>> {
        self.until(&format!("{units} units with {workers} workers"), seconds, || {
            // The log of the scheduler is the cheaper question.
            if self.connected() == workers { self.cloud.settled(units) } else { None }
        })
    }

    /// Waits until no unit is live, and no process of one is left.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_nothing_left(&self, seconds: f64) -> Result<()> {
        let look = || self.cloud.emulator.nothing_left().unwrap_or(false).then_some(());
        self.until("no unit left", seconds, look)
    }

    /// Runs 60 tasks of so many seconds each: every result must come from a process of a unit, and both of two units must
    /// have worked.
    ///
    /// # Errors
    /// When it is not so, or the client does not end in time.
    pub fn work_in_two_units(&self, seconds: f64, within: f64) -> Result<()> {
        let mut client = self.client(&Script::Pids { tasks: 60, seconds })?;
        let mut seen: BTreeMap<i32, String> = BTreeMap::new();
        self.until("the client's end", within, || {
            let units = self.cloud.emulator.processes().into_iter();
            seen.extend(units.filter_map(|Proc { pid, unit, .. }| Some((pid, unit?))));
            client.exited()
        })?;
        client.finish(1.0).map_err(|failure| self.explain(failure))?;
        let ran_in = client.ran_in();
        self.check(ran_in.len() == 60, "60 results with a process id", ran_in.len())?;
        for (pid, unit) in &ran_in {
            let is_of_unit = seen.get(pid) == Some(unit) && !unit.is_empty();
            self.check(is_of_unit, "a result from a process of a unit", format!("{pid} of {unit}, seen: {seen:?}"))?;
        }
        let units: BTreeSet<&String> = ran_in.iter().map(|(_, unit)| unit).collect();
        self.check(units.len() == 2, "work in both units", format!("{units:?}"))
    }

    /// A failure when `holds` is false. `what` completes the sentence "failed to see …".
    ///
    /// # Errors
    /// When `holds` is false.
    pub fn check(&self, holds: bool, what: &str, detail: impl std::fmt::Display) -> Result<()> {
        self.stack.check(holds, what, detail)
    }

    /// The failure with the ends of all logs; the folder is then kept.
    pub fn explain(&self, failure: Failure) -> Failure {
        self.stack.explain(failure)
    }
}
