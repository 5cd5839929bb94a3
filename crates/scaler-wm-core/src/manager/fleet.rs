//! The units that are there, and what is known of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use super::part_index::PartIndex;
use crate::{
    Exit, ExitCause, LaunchId, Load, Stop, StopAnswer, Timestamp, Unit, UnitId, UnitState, WorkerId, WorkerLoad,
    WorkerMatch,
    plan::{Abilities, Drain, Phase, UnitView, Work},
};

/// No second question so soon after one that failed.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Longer than any manager runs, and within what clocks can add.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The units that are there.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    units: BTreeMap<UnitId, Tracked>,
    by_launch: HashMap<LaunchId, u32>,
    /// How many of them have workers that are known by a part of their ids.
    known_by_part: usize,
    /// How many units have ever been at the scheduler.
    ever_connected: u64,
    /// Those that the last look has found there for the first time, and how long they took.
    newly_ready: Vec<(UnitId, Duration)>,
}

/// One unit and what is known of it.
#[derive(Debug)]
struct Tracked {
    unit: Arc<Unit>,
    /// When this process first heard of it.
    first_seen: Timestamp,
    /// When the provider last told of it.
    last_seen: Timestamp,
    /// The first of the listings in a row that did not have it.
    missing_since: Option<Timestamp>,
    drain: Drain,
    asking: Option<Stop>,
    ask_after: Timestamp,
    refused: Option<Timestamp>,
    can: Abilities,
    was_connected: bool,
    /// Since when none of its workers is at the scheduler, although one was.
    left: Option<Timestamp>,
    tasks: u32,
    /// Whether it goes for good: nothing takes its drain back.
    is_unwanted: bool,
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

impl Fleet {
    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// How many units are there.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.units.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &UnitId> {
        self.units.keys()
    }

    /// The units that are still to be ended; those that accepted their end are not where such go by themselves.
    pub(super) fn staying(&self, they_end_by_themselves: bool) -> impl Iterator<Item = &UnitId> {
        let is_let_go = move |tracked: &Tracked| {
            they_end_by_themselves
                && (tracked.unit.state == UnitState::Stopping
                    || (matches!(tracked.drain, Drain::Ending { .. }) && tracked.asking.is_none()))
        };
        self.units.iter().filter(move |(_, tracked)| !is_let_go(tracked)).map(|(id, _)| id)
    }

    /// Whether some unit is being ended, and nobody has answered yet.
    pub(super) fn is_ending(&self) -> bool {
        self.units.values().any(|tracked| tracked.asking == Some(Stop::Now))
    }

    /// Every unit with the launch that brought it.
    pub(super) fn launched(&self) -> impl Iterator<Item = (&UnitId, Option<&LaunchId>)> {
        self.units.iter().map(|(id, tracked)| (id, tracked.unit.launch.as_ref()))
    }

    /// How many units have come up.
    pub(super) fn running(&self) -> usize {
        self.units.values().filter(|tracked| tracked.unit.state == UnitState::Running).count()
    }

    /// A unit, as the provider sees it.
    pub(super) fn unit(&self, unit: &UnitId) -> Option<&Unit> {
        self.units.get(unit).map(|tracked| &*tracked.unit)
    }

    /// How many units have ever been at the scheduler.
    pub(super) const fn ever_connected(&self) -> u64 {
        self.ever_connected
    }

    /// Those that the last look has found at the scheduler for the first time, and how long they took.
    pub(super) fn newly_ready(&self) -> &[(UnitId, Duration)] {
        &self.newly_ready
    }

    /// How many units of a launch are there.
    pub(super) fn count_of(&self, launch: &LaunchId) -> u32 {
        self.by_launch.get(launch).copied().unwrap_or(0)
    }

    fn insert(&mut self, unit: Arc<Unit>, now: Timestamp) {
        if let Some(launch) = &unit.launch {
            *self.by_launch.entry(launch.clone()).or_default() += 1;
        }
        self.known_by_part += usize::from(is_known_by_part(&unit));
        self.units.insert(unit.id.clone(), Tracked::new(unit, now));
    }

    fn remove(&mut self, unit: &UnitId) -> Option<Tracked> {
        let tracked = self.units.remove(unit)?;
        self.known_by_part -= usize::from(is_known_by_part(&tracked.unit));
        if let Some(launch) = &tracked.unit.launch
            && let Some(count) = self.by_launch.get_mut(launch)
        {
            *count -= 1;
            if *count == 0 {
                self.by_launch.remove(launch);
            }
        }
        Some(tracked)
    }

    /// Takes note of a unit; returns what is known of its end when it is gone.
    pub(super) fn note(&mut self, unit: Arc<Unit>, now: Timestamp) -> Noted {
        if let UnitState::Gone(exit) = &unit.state {
            let exit = exit.clone();
            return match self.remove(&unit.id) {
                Some(tracked) => Noted::Gone(Box::new(tracked.depart(unit, exit, now))),
                None => Noted::Ghost(unit, exit),
            };
        }
        match self.units.get_mut(&unit.id) {
            Some(tracked) => {
                tracked.last_seen = now;
                tracked.missing_since = None;
                self.known_by_part += usize::from(is_known_by_part(&unit));
                self.known_by_part -= usize::from(is_known_by_part(&tracked.unit));
                tracked.unit = unit;
                Noted::Nothing
            }
            None => {
                tracing::debug!(unit = %unit.id, "a unit is there");
                self.insert(unit, now);
                Noted::New
            }
        }
    }

    /// Units that the last listing should have had, and did not: missing for longer than listings lag.
    pub(super) fn remove_missing(&mut self, listed_at: Timestamp, lag: Duration, now: Timestamp) -> Vec<Departed> {
        let missing = |tracked: &mut Tracked| {
            // By the time at which the listing was asked for: a slow answer makes no unit older.
            if tracked.last_seen >= listed_at {
                return false;
            }
            // By listings, not by the clock: while none could be had, none was missed.
            let since = *tracked.missing_since.get_or_insert(listed_at);
            lag.is_zero() || listed_at.since(since) > lag
        };
        let ids: Vec<UnitId> =
            self.units.iter_mut().filter_map(|(id, tracked)| missing(tracked).then(|| id.clone())).collect();
        ids.iter()
            .filter_map(|id| self.remove(id))
            .map(|tracked| {
                let cause = ExitCause::Lost("it is no longer listed".to_owned());
                let exit = Exit { cause, asked: tracked.is_leaving(), sure: false };
                let unit = Arc::clone(&tracked.unit);
                tracked.depart(unit, exit, now)
            })
            .collect()
    }

    /// A question goes out.
    pub(super) fn asked(&mut self, unit: &UnitId, how: Stop) {
        if let Some(tracked) = self.units.get_mut(unit) {
            tracked.asking = Some(how);
        }
    }

    /// An answer came in; `None` when there was none.
    pub(super) fn answered(&mut self, unit: &UnitId, how: Stop, answer: Option<StopAnswer>, now: Timestamp) {
        if let Some(tracked) = self.units.get_mut(unit) {
            tracked.answered(how, answer, now);
        }
    }

    /// A unit goes for good, whatever is wanted; or that is taken back. Whether this changes anything.
    pub(super) fn set_unwanted(&mut self, unit: &UnitId, is_unwanted: bool) -> bool {
        let Some(tracked) = self.units.get_mut(unit) else { return false };
        tracked.can.resume = !is_unwanted;
        std::mem::replace(&mut tracked.is_unwanted, is_unwanted) != is_unwanted
    }

    /// Whether and how a unit is on its way out.
    pub(super) fn drain_of(&self, unit: &UnitId) -> Option<Drain> {
        self.units.get(unit).map(|tracked| tracked.drain)
    }

    /// A unit is left alone until it is idle, or until `until`; or it is wanted again.
    pub(super) fn set_waiting(&mut self, unit: &UnitId, until: Option<Timestamp>) {
        if let Some(tracked) = self.units.get_mut(unit) {
            tracked.drain = until.map_or(Drain::No, |until| Drain::Waiting { until });
        }
    }

    /// What the planner sees. `knows_since`: since when we would know of every worker that connects.
    pub(super) fn views(&mut self, load: &Load, knows_since: Option<Timestamp>, now: Timestamp) -> Vec<UnitView> {
        self.newly_ready.clear();
        let by_part = if self.known_by_part > 0 { PartIndex::of(load) } else { PartIndex::default() };
        self.units
            .values_mut()
            .map(|tracked| {
                let was_connected = tracked.was_connected;
                let work = tracked.look(load, &by_part, knows_since, now);
                if tracked.was_connected && !was_connected {
                    self.ever_connected += 1;
                    self.newly_ready.push((tracked.unit.id.clone(), now.since(tracked.first_seen)));
                }
                tracked.view(work)
            })
            .collect()
    }

    /// The workers of `unit` that the scheduler knows.
    pub(super) fn workers_of(unit: &Unit, load: &Load) -> Vec<WorkerId> {
        match &unit.workers {
            WorkerMatch::Exact(worker) => vec![worker.clone()],
            WorkerMatch::Parts(_) => load.workers.keys().filter(|worker| unit.workers.has(worker)).cloned().collect(),
        }
    }
}

/// What came of taking note of a unit.
#[derive(Debug)]
pub(super) enum Noted {
    /// It was known already.
    Nothing,
    /// It is gone, and was never known to be there.
    Ghost(Arc<Unit>, Exit),
    /// It is new.
    New,
    /// It went.
    Gone(Box<Departed>),
}

impl Tracked {
    fn new(unit: Arc<Unit>, now: Timestamp) -> Self {
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

    const fn is_leaving(&self) -> bool {
        !matches!(self.drain, Drain::No) || self.asking.is_some()
    }

    fn depart(&self, unit: Arc<Unit>, exit: Exit, now: Timestamp) -> Departed {
        Departed {
            was_asked: exit.asked || self.is_leaving(),
            unit,
            exit,
            age: now.since(self.first_seen),
            tasks: self.tasks,
        }
    }

    fn answered(&mut self, how: Stop, answer: Option<StopAnswer>, now: Timestamp) {
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
    fn look<'a>(
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

    fn view(&self, work: Work) -> UnitView {
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

fn is_known_by_part(unit: &Unit) -> bool {
    matches!(unit.workers, WorkerMatch::Parts(_))
}
