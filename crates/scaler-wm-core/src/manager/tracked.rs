//! One unit, and what is known of it.

use std::{sync::Arc, time::Duration};

use super::part_index::PartIndex;
use crate::{
    Exit, Load, Stop, StopAnswer, Timestamp, Unit, UnitState, WorkerLoad, WorkerMatch,
    plan::{Abilities, Drain, Phase, UnitView, Work},
};

/// No second question so soon after one that failed.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Longer than any manager runs, and within what clocks can add.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// One unit and what is known of it.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) unit: Arc<Unit>,
    /// When this process first heard of it.
    pub(super) first_seen: Timestamp,
    /// When the provider last told of it.
    pub(super) last_seen: Timestamp,
    /// The first of the listings in a row that did not have it.
    pub(super) missing_since: Option<Timestamp>,
    pub(super) drain: Drain,
    pub(super) asking: Option<Stop>,
    ask_after: Timestamp,
    refused: Option<Timestamp>,
    pub(super) can: Abilities,
    pub(super) was_connected: bool,
    /// Since when none of its workers is at the scheduler, although one was.
    left: Option<Timestamp>,
    tasks: u32,
    /// Whether it goes for good: nothing takes its drain back.
    pub(super) is_unwanted: bool,
}

/// A unit that went.
#[derive(Debug)]
pub(super) struct Departed {
    pub(super) unit: Arc<Unit>,
    pub(super) exit: Exit,
    /// How long it was there.
    pub(super) age: Duration,
    /// Whether it was asked to go, by us.
    pub(super) was_asked: bool,
    /// Tasks it held by the last word of the scheduler.
    pub(super) tasks: u32,
}

impl Tracked {
    pub(super) fn new(unit: Arc<Unit>, now: Timestamp) -> Self {
        Self {
            unit,
            first_seen: now,
            last_seen: now,
            missing_since: None,
            drain: Drain::No,
            asking: None,
            ask_after: now,
            refused: None,
            can: Abilities::default(),
            was_connected: false,
            left: None,
            tasks: 0,
            is_unwanted: false,
        }
    }

    pub(super) const fn is_leaving(&self) -> bool {
        !matches!(self.drain, Drain::No) || self.asking.is_some()
    }

    pub(super) fn depart(&self, unit: Arc<Unit>, exit: Exit, now: Timestamp) -> Departed {
        Departed {
            was_asked: exit.asked || self.is_leaving(),
            unit,
            exit,
            age: now.since(self.first_seen),
            tasks: self.tasks,
        }
    }

    pub(super) fn answered(&mut self, how: Stop, answer: Option<StopAnswer>, now: Timestamp) {
        self.asking = None;
        match (how, answer) {
            (Stop::IfIdle | Stop::Now, Some(StopAnswer::Accepted)) => self.drain = Drain::Ending { since: now },
            (Stop::HandBack(within), Some(StopAnswer::Accepted)) => {
                self.drain = Drain::HandingBack { until: now + within };
                self.can.resume = !self.is_unwanted;
            }
            (Stop::Relieve, Some(StopAnswer::Accepted)) => {
                // Nobody ends it for that: what runs may take as long as it likes.
                self.drain = Drain::HandingBack { until: now + NEVER };
                self.can.resume = true;
            }
            (Stop::Relieve, Some(StopAnswer::Unsupported)) => self.can.relieve = false,
            (Stop::Hold, Some(StopAnswer::Accepted)) => {
                self.drain = Drain::Held { since: now };
                self.can.resume = true;
            }
            (Stop::Resume, Some(StopAnswer::Accepted)) => {
                self.drain = Drain::No;
                self.refused = None;
            }
            (Stop::Resume, Some(_)) => {
                self.can.resume = false;
                self.ask_after = now + ASK_AGAIN_AFTER;
            }
            (Stop::IfIdle, Some(StopAnswer::Busy)) => self.refused = Some(now),
            (Stop::IfIdle, Some(StopAnswer::Unsupported)) => self.can.leave_if_idle = false,
            (Stop::Hold, Some(StopAnswer::Unsupported)) => self.can.hold = false,
            (Stop::HandBack(within), Some(StopAnswer::Unsupported)) => {
                self.can.hand_back = false;
                self.drain = Drain::Waiting { until: now + within };
            }
            (Stop::Now | Stop::Hold | Stop::HandBack(_) | Stop::Relieve, Some(_)) | (_, None) => {
                self.ask_after = now + ASK_AGAIN_AFTER;
            }
        }
    }

    fn loads<'a>(&self, load: &'a Load, by_part: &PartIndex<'a>) -> impl Iterator<Item = &'a WorkerLoad> {
        let (one, parts): (_, &[Arc<str>]) = match &self.unit.workers {
            WorkerMatch::Exact(worker) => (load.workers.get(worker), &[]),
            WorkerMatch::Parts(parts) => (None, parts),
        };
        // The names of a unit are alternatives: its workers have one of them.
        let many = parts.iter().find_map(|part| by_part.0.get(part.as_bytes()));
        one.into_iter().chain(many.into_iter().flatten().copied())
    }

    /// What its workers have to do, and so what there is to remember of it.
    pub(super) fn look<'a>(
        &mut self,
        load: &'a Load,
        by_part: &PartIndex<'a>,
        knows_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Work {
        let mut seen: Option<(u32, u32, Timestamp)> = None;
        for worker in self.loads(load, by_part) {
            let (tasks, queued, as_of) = seen.unwrap_or((0, 0, worker.as_of));
            let (tasks, queued) = (tasks.saturating_add(worker.tasks()), queued.saturating_add(worker.queued));
            seen = Some((tasks, queued, as_of.min(worker.as_of)));
        }
        if let Some((tasks, ..)) = seen {
            self.was_connected = true;
            // What a unit held when it was last heard of is what its end loses.
            self.tasks = tasks;
        }
        // While the scheduler is away nobody can be at it.
        let is_away = seen.is_none() && self.was_connected && knows_since.is_some();
        self.left = is_away.then(|| self.left.unwrap_or(now));
        let is_starting = self.unit.state == UnitState::Starting && !self.was_connected;
        match seen {
            // That it is not up is known without the scheduler's word.
            None if is_starting => Work::NotConnected { since: self.first_seen },
            _ if load.live_since.is_none() => Work::Unknown,
            Some((0, _, as_of)) => Work::Idle { as_of },
            Some((tasks, queued, _)) => Work::Busy { tasks, queued },
            None => match knows_since {
                Some(since) if !self.was_connected => Work::NotConnected { since: since.max(self.first_seen) },
                _ => self.left.map_or(Work::Unknown, |since| Work::NotConnected { since }),
            },
        }
    }

    pub(super) fn view(&self, work: Work) -> UnitView {
        let phase = match self.unit.state {
            UnitState::Starting | UnitState::Running => Phase::Alive,
            UnitState::Stopping | UnitState::Gone(_) => Phase::Leaving,
        };
        UnitView {
            id: self.unit.id.clone(),
            phase,
            is_taken_soon: self.unit.notice.is_some(),
            since: self.first_seen,
            work,
            drain: self.drain,
            asking: self.asking,
            ask_after: self.ask_after,
            refused: self.refused,
            can: self.can,
        }
    }
}
