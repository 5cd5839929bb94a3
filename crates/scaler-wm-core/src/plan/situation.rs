//! What the planner is told.

use std::{num::NonZeroU32, time::Duration};

use super::Rebalance;
use crate::{Cooldown, Limit, Stop, Tier, Timestamp, UnitId};

/// Everything that a plan depends on.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// Now.
    pub now: Timestamp,
    /// Units wanted; `None` while nobody says (no wish yet, or the scheduler is away): then none starts and none goes.
    pub desired: Option<u32>,
    /// Every unit that is there, gone ones left out.
    pub units: &'a [UnitView],
    /// Units that open launches may still bring.
    pub open: u32,
    /// What does not change while the manager runs.
    pub limits: &'a Limits,
    /// Where units can come from, best first.
    pub tiers: &'a [TierView],
    /// Where the scale-down cooldown stands.
    pub cooldown: Cooldown,
    /// Where taking work back from a loaded unit stands.
    pub rebalance: &'a Rebalance,
    /// No launch before this instant, since launches or units failed.
    pub not_before: Timestamp,
}

/// Bounds of a manager that stay the same while it runs.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most units that may exist at once, those on their way in and out included.
    pub max_units: Limit,
    /// The most units of one launch call.
    pub largest_batch: NonZeroU32,
    /// The most units that may be on order at once.
    pub most_on_order: NonZeroU32,
    /// How long a scale-down must be asked for in a row before it is honoured.
    pub cooldown: Duration,
    /// How long a busy unit may take to finish what runs.
    pub drain_timeout: Duration,
    /// How long a unit may take until its workers are at the scheduler.
    pub ready_within: Duration,
    /// Whether work is taken back from a unit that holds more than its share while others are idle.
    pub relieves: bool,
    /// Whether a unit that has accepted its end goes without being asked again.
    pub ends_by_itself: bool,
}

/// One tier, and from when on it may be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierView {
    /// Its name.
    pub tier: Tier,
    /// Not before this instant, since it had no capacity.
    pub available_from: Timestamp,
}

/// One unit as the planner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitView {
    /// Its name.
    pub id: UnitId,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether it is about to be taken from us: it goes as soon as it is idle, so that nothing new is lost with it.
    pub is_taken_soon: bool,
    /// When it was launched, as far as we know.
    pub since: Timestamp,
    /// What its workers have to do.
    pub work: Work,
    /// Whether it is on its way out, and how.
    pub drain: Drain,
    /// The question to it that has not been answered yet.
    pub asking: Option<Stop>,
    /// No further question before this instant, since the last one failed.
    pub ask_after: Timestamp,
    /// When it last said that it was busy.
    pub refused: Option<Timestamp>,
    /// What it can be asked.
    pub can: Abilities,
}

/// Where a unit is in its life, as far as planning goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Starting or running.
    Alive,
    /// Leaving, whoever asked for it.
    Leaving,
}

/// What the workers of a unit have to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nobody knows (no monitor).
    Unknown,
    /// None of its workers is at the scheduler.
    NotConnected {
        /// Since when we would know of it.
        since: Timestamp,
    },
    /// Nothing, as of this instant.
    Idle {
        /// The instant.
        as_of: Timestamp,
    },
    /// Something.
    Busy {
        /// Tasks that run or wait in it.
        tasks: u32,
        /// Those that wait.
        queued: u32,
    },
}

impl Work {
    /// Tasks that run or wait in it, as far as anybody knows.
    #[must_use]
    pub const fn tasks(&self) -> u32 {
        match self {
            Self::Busy { tasks, .. } => *tasks,
            Self::Unknown | Self::NotConnected { .. } | Self::Idle { .. } => 0,
        }
    }
}

/// How a unit is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// It is not.
    No,
    /// It finishes what runs and gives its queue back, until this instant at the latest.
    HandingBack {
        /// The instant at which it is ended.
        until: Timestamp,
    },
    /// It cannot hand back: it is left alone until it is idle, or until this instant.
    Waiting {
        /// The instant at which it is ended.
        until: Timestamp,
    },
    /// It stands still, so that a later look at the load can be trusted.
    Held {
        /// Since when.
        since: Timestamp,
    },
    /// It was ended, or left by itself on our question.
    Ending {
        /// Since when.
        since: Timestamp,
    },
}

/// What a unit can be asked; each is assumed until it answers [`crate::StopAnswer::Unsupported`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// [`Stop::IfIdle`].
    pub leave_if_idle: bool,
    /// [`Stop::HandBack`].
    pub hand_back: bool,
    /// [`Stop::Hold`].
    pub hold: bool,
    /// [`Stop::Resume`] of the drain under way.
    pub resume: bool,
    /// [`Stop::Relieve`].
    pub relieve: bool,
}

impl Default for Abilities {
    fn default() -> Self {
        Self { leave_if_idle: true, hand_back: true, hold: true, resume: true, relieve: true }
    }
}

impl UnitView {
    /// Whether it stays: alive, not on its way out, and not being asked to go.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Alive)
            && match self.asking {
                None => matches!(self.drain, Drain::No),
                Some(Stop::Resume) => true,
                Some(_) => false,
            }
    }

    /// Whether it stays unless it agrees to go: the question is under way.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Alive)
            && matches!(self.drain, Drain::No)
            && matches!(self.asking, Some(Stop::IfIdle | Stop::HandBack(_) | Stop::Relieve | Stop::Hold))
    }

    /// Whether it may be asked something now.
    #[must_use]
    pub fn may_be_asked(&self, now: Timestamp) -> bool {
        self.asking.is_none() && self.ask_after <= now
    }
}
