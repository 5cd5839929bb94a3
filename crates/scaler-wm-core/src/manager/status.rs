//! What a manager tells about itself.

use std::num::NonZeroU32;

use crate::{
    LaunchId, Limit, LinkFacts, Tier, Timestamp, UnitId, Wish, WorkerMatch,
    control::Bounds,
    plan::{Drain, Phase, Work},
};

/// How things stand, published after every round in which they changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// How far the manager is.
    pub stage: Stage,
    /// Whether the scheduler answers.
    pub is_linked: bool,
    /// What the link tells of itself.
    pub link: LinkFacts,
    /// Whether what is there has been seen and compared with what earlier processes left on record.
    pub has_looked: bool,
    /// What the scheduler wants; `None` while it has not said.
    pub wish: Option<Wish>,
    /// The same in units, within the limit.
    pub wanted: Option<u32>,
    /// Units wanted, an operator's bounds applied; `None` while nobody has said.
    pub desired: Option<u32>,
    /// Units aimed at, the cooldown applied.
    pub target: Option<u32>,
    /// When a scale-down that is asked for now will be honoured, if one waits.
    pub cooldown_until: Option<Timestamp>,
    /// The most units that may exist.
    pub most: Limit,
    /// Task concurrency of one unit.
    pub per_unit: NonZeroU32,
    /// What an operator has set.
    pub bounds: Option<Bounds>,
    /// Whether an operator lets every unit go.
    pub is_draining: bool,
    /// Until when no launch is made, since some failed.
    pub hold: Option<Hold>,
    /// Tiers without capacity, and when each is tried again.
    pub resting: Vec<(Tier, Timestamp)>,
    /// Whether the budget did not pay for all of the last launch.
    pub is_refused_by_budget: bool,
    /// Every unit.
    pub units: Vec<UnitStatus>,
    /// How many of them have come up, and are not on their way out.
    pub running: u32,
    /// Units that open launches may still bring.
    pub open: u32,
    /// Whether it fails to bring what is wanted: launches or units failed, or there is no capacity anywhere.
    pub is_failing: bool,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            stage: Stage::Starting,
            is_linked: false,
            link: LinkFacts::default(),
            has_looked: false,
            wish: None,
            wanted: None,
            desired: None,
            target: None,
            cooldown_until: None,
            most: Limit::Unlimited,
            per_unit: NonZeroU32::MIN,
            bounds: None,
            is_draining: false,
            hold: None,
            resting: Vec::new(),
            is_refused_by_budget: false,
            units: Vec::new(),
            running: 0,
            open: 0,
            is_failing: false,
        }
    }
}

/// How far a manager is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// It has not begun.
    #[default]
    Starting,
    /// It does what it is for.
    Running,
    /// It lets its units go and ends, for the reason given.
    Ending(String),
}

/// A wait before the next launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// When it is over.
    pub until: Timestamp,
    /// Failures in a row.
    pub failures: u32,
    /// The last one, in words.
    pub reason: String,
}

/// How one unit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitStatus {
    /// Its name.
    pub id: UnitId,
    /// The launch that brought it, if anybody knows.
    pub launch: Option<LaunchId>,
    /// The tier that it came from.
    pub tier: Tier,
    /// Since when this process knows of it.
    pub since: Timestamp,
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
    /// Whether somebody asked it to.
    pub was_asked: bool,
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
