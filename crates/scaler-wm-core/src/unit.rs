//! Units: what a provider starts and stops, with one or more workers inside.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{LaunchId, Tier, Timestamp, UnitId, WorkerId};

/// One unit as the provider sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name at the infrastructure.
    pub id: UnitId,
    /// The launch that asked for it; `None` for one that an earlier process left and no journal knows.
    pub launch: Option<LaunchId>,
    /// Where it is in its life.
    pub state: UnitState,
    /// Since when it has been in this state.
    pub since: Timestamp,
    /// The tier that it came from.
    pub tier: Tier,
    /// How its workers are known at the scheduler.
    pub workers: WorkerMatch,
    /// When it will be taken from us (a Spot interruption, say), if that is known.
    pub notice: Option<Timestamp>,
}

/// Where a unit is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitState {
    /// Asked for, not up yet.
    Starting,
    /// Up: its workers run, or will connect any moment.
    Running,
    /// On its way out, by our wish or another's.
    Stopping,
    /// No longer there.
    Gone(Exit),
}

/// How a unit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// What ended it.
    pub cause: ExitCause,
    /// Whether we had asked for it.
    pub asked: bool,
    /// Whether its workers are surely dead, so that they may be reported to the scheduler in their own names.
    pub sure: bool,
}

/// What ended a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitCause {
    /// It ended by itself with this exit code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// The kernel ended it since memory ran out.
    OutOfMemory,
    /// It never came up, for the reason given.
    NeverStarted(String),
    /// It never came up, since the infrastructure had no capacity for it after all.
    NoCapacity(String),
    /// It went with what it ran on, for the reason given.
    Lost(String),
}

impl Exit {
    /// Whether this end calls for caution with the next start: nobody asked for it, and it was not a clean exit.
    #[must_use]
    pub const fn is_crash(&self) -> bool {
        !self.asked && !matches!(self.cause, ExitCause::Code(0))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            ExitCause::Code(code) => write!(f, "exit code {code}"),
            ExitCause::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            ExitCause::OutOfMemory => f.write_str("killed by the kernel, since memory ran out"),
            ExitCause::NeverStarted(reason) => write!(f, "never started: {reason}"),
            ExitCause::NoCapacity(reason) => write!(f, "never started, for want of capacity: {reason}"),
            ExitCause::Lost(reason) => write!(f, "lost: {reason}"),
        }
    }
}

const fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL: by hand, or by the kernel when memory runs out",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

/// How the workers of a unit are told from all others at the scheduler.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WorkerMatch {
    /// One worker with exactly this id.
    Exact(WorkerId),
    /// Every worker whose id, split at `|`, has one of these parts: the names by which a unit may know itself.
    Parts(Arc<[Arc<str>]>),
}

impl WorkerMatch {
    /// Every worker whose id, split at `|`, has this part.
    #[must_use]
    pub fn part(part: &str) -> Self {
        Self::Parts(Arc::new([Arc::from(part)]))
    }

    /// Whether it is this worker, or one of these.
    #[must_use]
    pub fn has(&self, worker: &WorkerId) -> bool {
        match self {
            Self::Exact(exact) => exact == worker,
            Self::Parts(parts) => worker.parts().any(|found| parts.iter().any(|part| found == part.as_bytes())),
        }
    }
}

/// How a unit is asked to end, from the gentlest to the last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    /// Leave, but only if no task is there at this instant; the unit has the last word.
    IfIdle,
    /// Finish what runs, give back what is queued, then leave; at the latest after this time.
    HandBack(Duration),
    /// Finish what runs, give back what is queued, then leave, whenever that is; but only if something is queued. For a
    /// unit that holds more than its share; the unit has the last word.
    Relieve,
    /// Take a [`Stop::HandBack`], [`Stop::Relieve`] or [`Stop::Hold`] back: go on as before.
    Resume,
    /// Stand still without leaving, so that a later look at the load can be trusted.
    Hold,
    /// End at once. What runs is lost and runs again elsewhere.
    Now,
}

impl Stop {
    /// In words: completes "it is asked to …".
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::IfIdle => "leave if idle",
            Self::HandBack(_) => "finish what runs, hand its queue back, and leave",
            Self::Relieve => "hand its queue back and leave",
            Self::Resume => "go on",
            Self::Hold => "stand still",
            Self::Now => "end at once",
        }
    }
}

/// What a unit, or the provider for it, says to a [`Stop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopAnswer {
    /// It is being done; the end comes by observation.
    Accepted,
    /// Not now: a task is there ([`Stop::IfIdle`]), none waits ([`Stop::Relieve`]), or it is too late
    /// ([`Stop::Resume`]).
    Busy,
    /// This provider, or this unit, cannot do that.
    Unsupported,
}
