//! The units that are there, and what is known of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    part_index::PartIndex,
    tracked::{Departed, Tracked},
};
use crate::{
    Exit, ExitCause, LaunchId, Load, Stop, StopAnswer, Timestamp, Unit, UnitId, UnitState, WorkerId, WorkerMatch,
    plan::{Drain, UnitView},
};

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

fn is_known_by_part(unit: &Unit) -> bool {
    matches!(unit.workers, WorkerMatch::Parts(_))
}
