//! What a manager can be told.

use std::fmt;

use serde::Serialize;

use crate::{Timestamp, UnitId};

/// What a manager can be told while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Keep within these bounds, whatever the scheduler wants; `None` takes them back.
    SetBounds(Option<Bounds>),
    /// Let every unit go, and start none.
    Drain,
    /// Follow the scheduler's wishes again.
    Undrain,
    /// Let one unit finish what runs, and go; another one starts if one is wanted.
    DrainUnit(UnitId),
    /// Take that back.
    UndrainUnit(UnitId),
    /// End one unit at once: what runs in it runs again elsewhere.
    StopUnit(UnitId),
    /// End, as a signal would have it.
    Shutdown,
}

/// Bounds in units, set by an operator. They go with the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// At least so many, although fewer are wanted.
    pub minimum: Option<u32>,
    /// At most so many, although more are wanted.
    pub maximum: Option<u32>,
    /// Exactly so many, whatever is wanted.
    pub pinned: Option<u32>,
    /// They hold until then; for as long as the process lives if there is none.
    pub until: Option<Timestamp>,
}

impl Bounds {
    /// What `wanted` units become.
    #[must_use]
    pub fn apply(&self, wanted: u32) -> u32 {
        let within = wanted.max(self.minimum.unwrap_or(0)).min(self.maximum.unwrap_or(u32::MAX));
        self.pinned.unwrap_or(within)
    }

    /// Whether they hold at this instant.
    #[must_use]
    pub fn hold_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("at least ", self.minimum), ("at most ", self.maximum), ("exactly ", self.pinned)];
        let mut separator = "";
        for (words, units) in parts {
            if let Some(units) = units {
                write!(f, "{separator}{words}{units}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

/// Why a manager does not do what it is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such unit.
    #[error("there is no unit {0}; `scaler-wm ctl units` lists those that there are")]
    NoSuchUnit(UnitId),
    /// It makes no sense now, for the reason given.
    #[error("{0}")]
    NotNow(String),
    /// What is asked contradicts itself, or what the manager is.
    #[error("{0}")]
    Invalid(String),
    /// The manager has ended.
    #[error("the manager has ended")]
    Gone,
}
