//! What the planner answers.

use std::{fmt, num::NonZeroU32};

use super::Rebalance;
use crate::{Cooldown, Stop, Tier, Timestamp, UnitId};

/// What to do now, what to remember, and when to look again although nothing happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// To be done now, all of it.
    pub actions: Vec<Action>,
    /// The cooldown from here on.
    pub cooldown: Cooldown,
    /// Where taking work back stands from here on.
    pub rebalance: Rebalance,
    /// Units aimed at, limit and cooldown applied; `None` while nobody says what is wanted.
    pub target: Option<u32>,
    /// The next instant at which time alone changes the plan.
    pub look_again: Option<Timestamp>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// One launch call.
    Launch {
        /// Units asked for.
        count: NonZeroU32,
        /// Where from.
        tier: Tier,
    },
    /// One unit more than wanted, beside idle ones, so that a loaded unit's queue is spread over all of them.
    LaunchSpare {
        /// Where from.
        tier: Tier,
        /// The unit that holds more than its share.
        loaded: UnitId,
        /// Tasks that wait in it.
        queued: u32,
        /// Units that have nothing to do.
        idle: u32,
    },
    /// Ask a unit to end, or to go on.
    Ask {
        /// The unit.
        unit: UnitId,
        /// How.
        how: Stop,
        /// Why.
        because: Cause,
    },
    /// Leave a unit alone until it is idle: it can neither hand back nor be asked.
    WaitUntilIdle {
        /// The unit.
        unit: UnitId,
        /// Ended at this instant at the latest.
        until: Timestamp,
    },
    /// A unit that was left alone until idle is wanted again.
    KeepAfterAll {
        /// The unit.
        unit: UnitId,
    },
}

/// Why a unit is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// More units than wanted, and this one has nothing to do as far as anybody knows.
    SurplusIdle,
    /// It will be taken from us, and has nothing to do.
    TakenSoon,
    /// More units than wanted, and all others are busy as well.
    SurplusBusy,
    /// It stood still, and a later look still shows it idle.
    StillIdle,
    /// It holds more than its share while others are idle.
    Overloaded,
    /// It hands its queue back, but nobody is idle any more, or nothing waits in it.
    NoGain,
    /// One more was started to spread work, and there is none to spread.
    SpareNotNeeded,
    /// It is wanted again.
    WantedAgain,
    /// It stood still, but has something to do.
    NotIdleAfterAll,
    /// Its time to finish is over.
    DrainTimeout,
    /// It was ended, but is still there.
    StillThere,
    /// Its workers never reached the scheduler, or have all been away from it for as long as that may take.
    NotAtScheduler,
    /// An earlier process of this manager left it, and no journal knows it.
    NotOnRecord,
    /// An operator asks for it.
    Operator,
    /// The manager ends.
    ManagerEnds,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SurplusIdle => "more than wanted, idle",
            Self::TakenSoon => "idle, and about to be taken from us",
            Self::SurplusBusy => "more than wanted, all others busy",
            Self::StillIdle => "still idle after standing still",
            Self::Overloaded => "it holds more than its share while others are idle",
            Self::NoGain => "nothing would be gained any more",
            Self::SpareNotNeeded => "no work to spread any more",
            Self::WantedAgain => "wanted again",
            Self::NotIdleAfterAll => "not idle after all",
            Self::DrainTimeout => "its time to finish is over",
            Self::StillThere => "ended, but still there",
            Self::NotAtScheduler => "its workers are not at the scheduler",
            Self::NotOnRecord => "left by an earlier process, and not on record",
            Self::Operator => "an operator asks for it",
            Self::ManagerEnds => "the manager ends",
        })
    }
}
