//! What a manager tells about itself.

use crate::{
    LaunchId, UnitId, WorkerMatch,
    plan::{Drain, Phase, Work},
};

/// How things stand, published after every round in which they changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether the scheduler answers.
    pub is_linked: bool,
    /// Units wanted by the scheduler, within the limit; `None` while it has not said.
    pub desired: Option<u32>,
    /// Units aimed at, the cooldown applied.
    pub target: Option<u32>,
    /// Every unit.
    pub units: Vec<UnitStatus>,
    /// How many of them have come up, and are not on their way out.
    pub running: u32,
    /// Units that open launches may still bring.
    pub open: u32,
    /// Whether it fails to bring what is wanted: launches or units failed, or there is no capacity anywhere.
    pub is_failing: bool,
}

/// How one unit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitStatus {
    /// Its name.
    pub id: UnitId,
    /// Where it is in its life.
    pub phase: Phase,
    /// What it has to do.
    pub work: Work,
    /// Whether and how it is on its way out.
    pub drain: Drain,
    /// Whether it has come up.
    pub is_up: bool,
    /// How its workers are known at the scheduler.
    pub workers: WorkerMatch,
}

/// What a manager did, told at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Why it ended.
    pub reason: String,
    /// Units that came.
    pub started: u64,
    /// Units that went.
    pub ended: u64,
    /// Units that had to be ended with work in them.
    pub cut_off: u64,
    /// Units that are still there, since they could not be ended in time.
    pub left_behind: Vec<UnitId>,
    /// Launches whose outcome is not known: units of theirs may run.
    pub unsettled: Vec<LaunchId>,
    /// Units that stay for the next process of this manager.
    pub kept: Vec<UnitId>,
}
