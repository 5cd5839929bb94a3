//! What every emulator of a service has in common, so that clouds and stacks need not know which one it is.

use std::fmt;

use crate::stacks::Ground;
use crate::{Backend, Proc, Result, Venv};

/// A service of AWS on loopback that really runs what managers launch. Everything that it runs ends when it is dropped.
pub trait Emulation: fmt::Debug + Sized {
    /// How it runs them.
    type Options: Clone + fmt::Debug + Default;
    /// What managers launch there.
    type Unit: Unit;

    /// Starts it and waits until it answers. The programs of `units` are found by what it runs.
    ///
    /// # Errors
    /// When it does not come up.
    fn start(ground: &Ground, units: &Venv, options: &Self::Options) -> Result<Self>;

    /// Where it listens, on loopback.
    fn port(&self) -> u16;

    /// The live units: those that are to run, whatever they do now.
    ///
    /// # Errors
    /// When it does not answer.
    fn live(&self) -> Result<Vec<Self::Unit>>;

    /// The live processes of all units.
    fn processes(&self) -> Vec<Proc>;

    /// Whether no unit is live, and none has a process.
    ///
    /// # Errors
    /// When it does not answer.
    fn nothing_left(&self) -> Result<bool> {
        Ok(self.live()?.is_empty() && self.processes().is_empty())
    }

    /// What managers of it are told when the API is answered at `endpoint`.
    fn backend(endpoint: String) -> Backend;
}

/// What managers launch: a task, an instance.
pub trait Unit: Clone + fmt::Debug {
    /// By which its processes are found.
    fn id(&self) -> &str;

    /// Whether it runs.
    fn is_running(&self) -> bool;
}
