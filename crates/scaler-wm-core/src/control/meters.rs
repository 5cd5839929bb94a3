//! What is counted and measured while a manager runs.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{ErrorKind, Timestamp};

/// Bounds of a histogram of times, in seconds.
///
/// From rounds, which take microseconds, to machines, which take minutes to come up.
const TIMES: [f64; 16] =
    [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// How often times fell below each bound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    counts: [u64; TIMES.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    /// One time more.
    pub fn add(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        self.count += 1;
        self.sum += seconds;
        if let Some(bucket) = TIMES.iter().position(|bound| seconds <= *bound) {
            self.counts[bucket] += 1;
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their sum in seconds.
    #[must_use]
    pub const fn sum(&self) -> f64 {
        self.sum
    }

    /// Each bound in seconds, with how many were in its bucket: above the bound before, and not above this one.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        TIMES.into_iter().zip(self.counts)
    }
}

/// Calls of one operation of an infrastructure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallFigures {
    /// Its name there, such as `RunTask`.
    pub operation: &'static str,
    /// Tries that were sent.
    pub sent: u64,
    /// Those that failed, throttled ones included, by class.
    pub failed: BTreeMap<ErrorKind, u64>,
    /// How long they took.
    pub seconds: Histogram,
}

/// What was counted and measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How long rounds of observing, planning and acting took.
    pub rounds: Histogram,
    /// When the next round is due at the latest; `None` before the first one, and once the loop has ended.
    pub next_round: Option<Timestamp>,
    /// Launch calls, repeated ones not counted.
    pub launches: u64,
    /// Units that these asked for.
    pub units_asked_for: u64,
    /// Units that came.
    pub units_started: u64,
    /// Units that went.
    pub units_ended: u64,
    /// Those of them that nobody had asked to go.
    pub units_died: u64,
    /// Units that had to be ended with work in them.
    pub units_cut_off: u64,
    /// How long units took from when they were first seen until they were at the scheduler.
    pub ready: Histogram,
    /// Calls that failed, by call (`launch`, `stop`, `observe`) and class.
    pub failures: BTreeMap<(&'static str, ErrorKind), u64>,
    /// How long the scheduler took to answer the last heartbeat.
    pub heartbeat_lag: Option<Duration>,
}

/// Counts and measures. Written by the manager, read by whoever looks on.
#[derive(Debug, Default)]
pub struct Meters(Mutex<Figures>);

impl Meters {
    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().clone()
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.lock());
    }
}
