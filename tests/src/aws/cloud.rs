//! An emulator and the proxy before it.

use super::emulation::{Emulation, Unit};
use super::proxy::ApiProxy;
use crate::stacks::Ground;
use crate::{Failure, LATEST, Ports, Result, Venv, until};

/// AWS on loopback. Everything that it runs ends when this is dropped.
#[derive(Debug)]
pub struct CloudOf<E: Emulation> {
    /// First: it kills everything before anything else goes.
    ground: Option<Ground>,
    /// What is behind the proxy: to look at, past all faults.
    pub emulator: E,
    /// What managers talk to.
    pub proxy: ApiProxy,
}

impl<E: Emulation> CloudOf<E> {
    /// One without a scheduler. Its units find the programs of the newest release.
    ///
    /// # Errors
    /// When a virtual environment cannot be made, or a part does not come up.
    pub fn start(options: &E::Options) -> Result<Self> {
        let units = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
        let ground = Ground::new(Ports::single()?, None)?;
        let cloud = Self::on(&ground, &units, options)?;
        Ok(Self { ground: Some(ground), ..cloud })
    }

    /// One that belongs to a stack.
    pub(crate) fn on(ground: &Ground, units: &Venv, options: &E::Options) -> Result<Self> {
        let emulator = E::start(ground, units, options)?;
        let proxy = ApiProxy::start(emulator.port(), ground.folder())?;
        Ok(Self { ground: None, emulator, proxy })
    }

    /// What it stands on, if this is a cloud without a scheduler.
    pub(crate) fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    /// The live units: those that are to run, whatever they do now.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn units(&self) -> Result<Vec<E::Unit>> {
        self.emulator.live()
    }

    /// The units that run.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn running(&self) -> Result<Vec<E::Unit>> {
        let mut units = self.units()?;
        units.retain(Unit::is_running);
        Ok(units)
    }

    /// Waits as [`until`] does. Of a cloud without a scheduler, a failure shows the ends of all logs, those of the calls
    /// among them.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until<T>(&self, what: &str, seconds: f64, look: impl FnMut() -> Option<T>) -> Result<T> {
        until(what, seconds, look).map_err(|failure| self.explain(failure))
    }

    /// Waits until exactly so many units run, and none is on its way.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_running(&self, count: usize, seconds: f64) -> Result<Vec<E::Unit>> {
        self.until(&format!("{count} units running"), seconds, || self.settled(count))
    }

    /// Waits until no unit is left, and no process of one.
    ///
    /// # Errors
    /// When the time is over.
    pub fn until_nothing_left(&self, seconds: f64) -> Result<()> {
        let look = || self.emulator.nothing_left().unwrap_or(false).then_some(());
        self.until("no unit left", seconds, look)
    }

    /// The live units if there are exactly so many, and all of them run.
    pub(crate) fn settled(&self, count: usize) -> Option<Vec<E::Unit>> {
        let units = self.units().ok()?;
        (units.len() == count && units.iter().all(Unit::is_running)).then_some(units)
    }

    /// The failure with the ends of all logs, if this is a cloud without a scheduler.
    pub fn explain(&self, failure: Failure) -> Failure {
        match &self.ground {
            Some(ground) => ground.explain(failure),
            None => failure,
        }
    }
}
