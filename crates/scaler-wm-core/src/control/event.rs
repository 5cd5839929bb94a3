//! What happened, numbered, for whoever follows it.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::Bounds;
use crate::{ErrorKind, LaunchId, Tier, Timestamp, UnitId};

/// Events that are kept. Whoever falls further behind is told so.
const KEPT: usize = 2048;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number: each is one more than the last. The first of a process is made of its time of start, so that numbers
    /// go up across restarts, too.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The scheduler answers.
    LinkUp,
    /// The scheduler does not answer, for the reason given.
    LinkDown(String),
    /// Another number of units is aimed at.
    Target {
        /// Units wanted, bounds applied.
        desired: Option<u32>,
        /// Units aimed at, the cooldown applied.
        target: Option<u32>,
        /// Units that are there.
        units: u32,
    },
    /// Units are asked for.
    LaunchStarted {
        /// The launch.
        launch: LaunchId,
        /// How many.
        units: u32,
        /// Where from.
        tier: Tier,
    },
    /// A call failed.
    CallFailed {
        /// Which: `launch`, `stop` or `observe`.
        call: &'static str,
        /// What kind of failure it is.
        kind: ErrorKind,
        /// The failure in words.
        error: String,
        /// When it is tried again.
        wait: Duration,
    },
    /// A unit is there.
    UnitStarted {
        /// The unit.
        unit: UnitId,
        /// The launch that brought it, if anybody knows.
        launch: Option<LaunchId>,
    },
    /// The workers of a unit are at the scheduler.
    UnitReady {
        /// The unit.
        unit: UnitId,
        /// How long after it was first seen.
        after: Duration,
    },
    /// A unit is asked to go, or to stay after all.
    UnitAsked {
        /// The unit.
        unit: UnitId,
        /// How, in words.
        how: String,
        /// Why, in words.
        because: String,
    },
    /// A unit is gone.
    UnitGone {
        /// The unit.
        unit: UnitId,
        /// How it ended, in words.
        exit: String,
        /// Whether it was asked to.
        asked: bool,
        /// Tasks that were in it.
        tasks: u32,
    },
    /// An operator has set bounds, or taken them back; or their time is over.
    Bounds(Option<Bounds>),
    /// An operator lets every unit go, or has taken that back.
    Draining(bool),
    /// The manager ends.
    Ending(String),
}

impl Happening {
    /// Its kind, as one word for machines.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::LinkUp => "link_up",
            Self::LinkDown(_) => "link_down",
            Self::Target { .. } => "target",
            Self::LaunchStarted { .. } => "launch_started",
            Self::CallFailed { .. } => "call_failed",
            Self::UnitStarted { .. } => "unit_started",
            Self::UnitReady { .. } => "unit_ready",
            Self::UnitAsked { .. } => "unit_asked",
            Self::UnitGone { .. } => "unit_gone",
            Self::Bounds(_) => "bounds",
            Self::Draining(_) => "draining",
            Self::Ending(_) => "ending",
        }
    }

    /// The unit that it is about.
    #[must_use]
    pub const fn unit(&self) -> Option<&UnitId> {
        match self {
            Self::UnitStarted { unit, .. }
            | Self::UnitReady { unit, .. }
            | Self::UnitAsked { unit, .. }
            | Self::UnitGone { unit, .. } => Some(unit),
            _ => None,
        }
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_unknown = |units: &Option<u32>| units.map_or_else(|| "unknown".to_owned(), |units| units.to_string());
        match self {
            Self::LinkUp => f.write_str("the scheduler answers"),
            Self::LinkDown(reason) => write!(f, "the scheduler does not answer: {reason}"),
            Self::Target { desired, target, units } => {
                write!(f, "desired {}, target {}, {units} there", or_unknown(desired), or_unknown(target))
            }
            Self::LaunchStarted { launch, units, tier } => write!(f, "launch {launch} asks for {units} from {tier}"),
            Self::CallFailed { call, error, wait, .. } => {
                write!(f, "{call} failed, next try in {:.1} s: {error}", wait.as_secs_f64())
            }
            Self::UnitStarted { unit, launch: Some(launch) } => write!(f, "{unit} is there, of launch {launch}"),
            Self::UnitStarted { unit, launch: None } => write!(f, "{unit} is there, of no launch on record"),
            Self::UnitReady { unit, after } => {
                write!(f, "{unit} is at the scheduler, after {:.1} s", after.as_secs_f64())
            }
            Self::UnitAsked { unit, how, because } => write!(f, "{unit} is asked to {how}: {because}"),
            Self::UnitGone { unit, exit, asked, tasks } => {
                let asked = if *asked { "as asked" } else { "unasked" };
                let tasks = if *tasks > 0 { format!(", with {tasks} tasks in it") } else { String::new() };
                write!(f, "{unit} is gone, {asked}: {exit}{tasks}")
            }
            Self::Bounds(Some(bounds)) => write!(f, "bounds: {bounds}"),
            Self::Bounds(None) => f.write_str("no bounds any more"),
            Self::Draining(true) => f.write_str("every unit is let go"),
            Self::Draining(false) => f.write_str("what the scheduler wants is followed again"),
            Self::Ending(reason) => write!(f, "the manager ends: {reason}"),
        }
    }
}

/// The last events. Readers keep a number and nothing else, so that any number of them costs no memory here.
#[derive(Debug)]
pub struct EventLog {
    kept: Mutex<VecDeque<Arc<Event>>>,
    /// The number of the last one.
    last: watch::Sender<u64>,
}

impl Default for EventLog {
    fn default() -> Self {
        Self { kept: Mutex::default(), last: watch::Sender::new(0) }
    }
}

/// Events that a reader asked for, and that are not kept any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The first one that still is.
    pub first_kept: u64,
}

impl EventLog {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has happened.
    pub(crate) fn push(&self, at: Timestamp, what: Happening) {
        let mut kept = self.kept();
        let sequence = match kept.back() {
            Some(last) => last.sequence + 1,
            // A thousand numbers a millisecond: no process uses them up before the next one begins.
            None => at.as_millis().saturating_mul(1000),
        };
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::new(Event { sequence, at, what }));
        drop(kept);
        self.last.send_replace(sequence);
    }

    /// Up to `most` events after the one of this number; none when there are no newer ones.
    ///
    /// # Errors
    /// When some of them are not kept any more.
    pub fn after(&self, sequence: u64, most: usize) -> Result<Vec<Arc<Event>>, Missed> {
        let kept = self.kept();
        let Some(first_kept) = kept.front().map(|first| first.sequence) else { return Ok(Vec::new()) };
        // Whoever asks may name any number.
        let next = sequence.saturating_add(1);
        if next < first_kept {
            return Err(Missed { first_kept });
        }
        let skipped = usize::try_from(next - first_kept).unwrap_or(usize::MAX);
        Ok(kept.iter().skip(skipped).take(most).cloned().collect())
    }

    /// The last `most` events.
    #[must_use]
    pub fn latest(&self, most: usize) -> Vec<Arc<Event>> {
        let kept = self.kept();
        kept.iter().skip(kept.len().saturating_sub(most)).cloned().collect()
    }

    /// The number of the last event, told whenever there is another one; 0 before the first.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(events: u64) -> EventLog {
        let log = EventLog::default();
        (0..events).for_each(|_| log.push(Timestamp::from_millis(7), Happening::LinkUp));
        log
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let log = log_of(5);
        let of = |events: Vec<Arc<Event>>| events.iter().map(|event| event.sequence).collect::<Vec<_>>();
        assert_eq!(of(log.after(7001, 2).unwrap()), [7002, 7003]);
        assert_eq!(of(log.after(7003, 10).unwrap()), [7004]);
        assert_eq!(of(log.after(7004, 10).unwrap()), [0; 0]);
        assert_eq!(of(log.after(u64::MAX, 10).unwrap()), [0; 0]);
        assert_eq!(of(log.after(9999, 10).unwrap()), [0; 0]);
        assert_eq!(of(log.latest(2)), [7003, 7004]);
        assert_eq!(*log.watch().borrow(), 7004);
    }

    #[test]
    fn who_falls_behind_is_told() {
        let log = log_of(KEPT as u64 + 3);
        assert_eq!(log.after(7001, 1), Err(Missed { first_kept: 7003 }));
        assert_eq!(log.after(7002, 1).unwrap()[0].sequence, 7003);
        assert_eq!(log.latest(usize::MAX).len(), KEPT);
    }
}
