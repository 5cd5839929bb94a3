//! What a provider in memory is told, and what it records.

use std::{collections::HashSet, num::NonZeroU32, time::Duration};

use scaler_wm_core::{ErrorKind, Launch, LaunchId, Limit, ProviderInfo, Stop, Tier, Timestamp, UnitId};

/// What a provider in memory is told at its start.
#[derive(Clone, Debug)]
pub struct MemorySettings {
    /// What it says of itself.
    pub info: ProviderInfo,
    /// How long a unit is starting.
    pub start_up: Duration,
    /// How long a unit is stopping.
    pub stop_takes: Duration,
    /// How far listings lag: a unit appears, and is told as gone, only this much later.
    pub lag: Duration,
    /// Ways of stopping that no unit understands.
    pub unsupported: HashSet<Way>,
}

impl Default for MemorySettings {
    /// One worker per unit, up at once, no lag, at most 8 units at a time from the tier `default`, everything understood.
    fn default() -> Self {
        Self {
            info: ProviderInfo {
                name: "memory",
                workers_per_unit: NonZeroU32::MIN,
                concurrency_per_worker: NonZeroU32::MIN,
                largest_batch: NonZeroU32::MIN.saturating_add(7),
                most_on_order: NonZeroU32::MAX,
                most_units: Limit::Unlimited,
                tiers: vec![Tier::default()],
                list_lag: Duration::ZERO,
                ready_within: Duration::from_secs(30),
                observe_every: Duration::from_secs(5),
                idempotent: true,
                repeatable_for: Duration::MAX,
                lists_foreign_units: true,
                finds_recorded_units: true,
                relieves: true,
                ends_by_itself: false,
                swept_within: Duration::from_secs(5),
            },
            start_up: Duration::ZERO,
            stop_takes: Duration::ZERO,
            lag: Duration::ZERO,
            unsupported: HashSet::new(),
        }
    }
}

/// A [`Stop`] without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// [`Stop::IfIdle`].
    IfIdle,
    /// [`Stop::HandBack`].
    HandBack,
    /// [`Stop::Relieve`].
    Relieve,
    /// [`Stop::Resume`].
    Resume,
    /// [`Stop::Hold`].
    Hold,
    /// [`Stop::Now`].
    Now,
}

impl From<Stop> for Way {
    fn from(how: Stop) -> Self {
        match how {
            Stop::IfIdle => Self::IfIdle,
            Stop::HandBack(_) => Self::HandBack,
            Stop::Relieve => Self::Relieve,
            Stop::Resume => Self::Resume,
            Stop::Hold => Self::Hold,
            Stop::Now => Self::Now,
        }
    }
}

/// What comes of a launch call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextLaunch {
    /// All of it.
    Works,
    /// Nothing.
    Fails(ErrorKind),
    /// All of it, but the answer is lost: [`ErrorKind::Transient`].
    LosesReply,
    /// This many units; the others fail for this reason.
    Partial(u32, ErrorKind),
    /// A receipt; this many units exist that much later.
    Follows(u32, Duration),
}

/// Which call, without what it was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// [`scaler_wm_core::Provider::launch`].
    Launch,
    /// [`scaler_wm_core::Provider::observe`].
    Observe,
    /// [`scaler_wm_core::Provider::stop`].
    Stop,
}

/// One call, as it came in.
#[derive(Clone, Debug)]
pub enum Call {
    /// [`scaler_wm_core::Provider::launch`].
    Launch {
        /// When it came in.
        at: Timestamp,
        /// What was asked for.
        launch: Launch,
    },
    /// [`scaler_wm_core::Provider::observe`].
    Observe {
        /// When it came in.
        at: Timestamp,
        /// Launches that the caller wants to know about.
        open: Vec<LaunchId>,
    },
    /// [`scaler_wm_core::Provider::stop`].
    Stop {
        /// When it came in.
        at: Timestamp,
        /// The units that were asked.
        units: Vec<UnitId>,
        /// How.
        how: Stop,
    },
    /// [`scaler_wm_core::Provider::sweep`].
    Sweep {
        /// When it came in.
        at: Timestamp,
    },
}
