//! The machines that are ours, as they were last seen.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    mem,
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{Exit, ExitCause, LaunchId, Timestamp, Unit, UnitId, UnitState};

use super::machine::{Machine, unit};

/// How long an end is remembered, so that it is told once.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// One machine that is there.
#[derive(Debug)]
struct Ours {
    unit: Arc<Unit>,
    /// The request that brought it.
    request: Option<String>,
    /// The request to return it.
    returning: Option<String>,
    /// Since when the server does not know it.
    missing_since: Option<Timestamp>,
}

/// The machines that are ours.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    there: BTreeMap<UnitId, Ours>,
    /// Those that earlier processes have on record, and that were not seen yet.
    remembered: BTreeMap<UnitId, LaunchId>,
    ended: HashMap<UnitId, Timestamp>,
    /// Ends that are still to be told.
    news: Vec<Arc<Unit>>,
    /// The launch that each request is for.
    launches: HashMap<String, LaunchId>,
    /// When the machines of each request were last refreshed.
    refreshed: HashMap<String, Timestamp>,
    /// Requests for a return that came to nothing.
    in_vain: HashSet<String>,
    stopped: BTreeSet<UnitId>,
}

/// Machines that are asked about together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The request that brought them.
    pub(super) request: Option<String>,
    /// One of them: asking about it refreshes them all.
    pub(super) first: UnitId,
    pub(super) are_several: bool,
}

impl Fleet {
    /// A request is for a launch.
    pub(super) fn ordered(&mut self, request: &str, launch: &LaunchId) {
        self.launches.insert(request.to_owned(), launch.clone());
    }

    /// Takes note of a machine, which `request` brought if it does not say itself.
    pub(super) fn note(&mut self, machine: &Machine, request: Option<&str>, now: Timestamp) {
        let id = machine.id();
        if self.ended.contains_key(&id) {
            return;
        }
        let remembered = self.remembered.remove(&id);
        let before = self.there.remove(&id);
        let request = machine.request_id.as_deref().or(request).map(str::to_owned);
        let request = request.or_else(|| before.as_ref().and_then(|ours| ours.request.clone()));
        let launch = request.as_ref().and_then(|request| self.launches.get(request)).cloned();
        let launch = launch.or_else(|| before.as_ref().and_then(|ours| ours.unit.launch.clone())).or(remembered);
        if let (Some(request), Some(launch)) = (&request, &launch) {
            // Those that came with it are of the same launch.
            self.launches.entry(request.clone()).or_insert_with(|| launch.clone());
        }
        let returning = machine.return_request_id.clone().filter(|request| !self.in_vain.contains(request));
        let returning = returning.or_else(|| before.as_ref().and_then(|ours| ours.returning.clone()));
        let was = before.as_ref().map(|ours| &ours.unit.state);
        let state = match (machine.state(), was) {
            (Some(UnitState::Gone(exit)), _) => {
                let asked = exit.asked || returning.is_some();
                UnitState::Gone(Exit { asked, ..exit })
            }
            (Some(_), _) if returning.is_some() => UnitState::Stopping,
            // A store that was not refreshed is behind.
            (Some(UnitState::Starting) | None, Some(was)) => was.clone(),
            (state, _) => state.unwrap_or(UnitState::Starting),
        };
        if machine.is_stopped() && returning.is_none() {
            self.stopped.insert(id.clone());
        }
        let since = match &before {
            Some(ours) if ours.unit.state == state => ours.unit.since,
            _ => now,
        };
        let unit = unit(id, launch, state, since);
        self.put(Ours { unit, request, returning, missing_since: None }, now);
    }

    fn put(&mut self, ours: Ours, now: Timestamp) {
        let id = ours.unit.id.clone();
        if matches!(ours.unit.state, UnitState::Gone(_)) {
            self.ended.insert(id, now);
            self.news.push(ours.unit);
        } else {
            self.there.insert(id, ours);
        }
    }

    /// A machine is on its way out, by this request of ours.
    pub(super) fn returning(&mut self, id: &UnitId, request: &str, now: Timestamp) {
        if let Some(mut ours) = self.there.remove(id) {
            ours.returning = Some(request.to_owned());
            ours.unit = changed(&ours.unit, UnitState::Stopping, now);
            self.put(ours, now);
        }
    }

    /// A request to return machines has them, and is over if `is_over`; whether they are all gone then says `is_complete`.
    pub(super) fn returned(&mut self, request: &str, has: &[UnitId], is_over: bool, is_complete: bool, now: Timestamp) {
        let of_it = |ours: &Ours| ours.returning.as_deref() == Some(request);
        let ids: Vec<UnitId> = self.there.iter().filter(|(_, ours)| of_it(ours)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(mut ours) = self.there.remove(&id) else { continue };
            if !has.contains(&id) || (is_over && !is_complete) {
                // The server left it out, or failed: it is asked again when it is still to go.
                ours.returning = None;
                ours.unit = changed(&ours.unit, UnitState::Running, now);
            } else if is_over {
                // That the server says terminated would have been seen already.
                let exit = Exit { cause: ExitCause::Lost("it was returned".to_owned()), asked: true, sure: false };
                ours.unit = changed(&ours.unit, UnitState::Gone(exit), now);
            }
            self.put(ours, now);
        }
        if is_over && !is_complete {
            self.in_vain.insert(request.to_owned());
        }
    }

    /// The server does not know a machine: one that it has not known for longer than `lag` is forgotten.
    pub(super) fn missing(&mut self, id: &UnitId, lag: Duration, now: Timestamp) {
        self.remembered.remove(id);
        if let Some(ours) = self.there.get_mut(id) {
            let since = *ours.missing_since.get_or_insert(now);
            if now.since(since) > lag {
                self.there.remove(id);
            }
        }
    }

    /// Machines that earlier processes have on record.
    pub(super) fn remember(&mut self, launch: &LaunchId, units: &[UnitId]) {
        let unseen = units.iter().filter(|unit| !self.there.contains_key(unit));
        self.remembered.extend(unseen.map(|unit| (unit.clone(), launch.clone())));
    }

    /// One of those that were not seen yet.
    pub(super) fn next_remembered(&self) -> Option<UnitId> {
        self.remembered.keys().next().cloned()
    }

    /// Requests to return machines that are still there.
    pub(super) fn returns(&self) -> BTreeSet<String> {
        self.there.values().filter_map(|ours| ours.returning.clone()).collect()
    }

    /// Whether a machine is ours.
    pub(super) fn knows(&self, id: &UnitId) -> bool {
        self.there.contains_key(id) || self.remembered.contains_key(id)
    }

    /// Whether a machine is on its way out, by our wish.
    pub(super) fn is_returning(&self, id: &UnitId) -> bool {
        self.there.get(id).is_some_and(|ours| ours.returning.is_some())
    }

    /// What is to be asked about now, at most so many: what starts, and what was not asked about for `every`.
    pub(super) fn due(&self, every: Duration, at_most: usize, now: Timestamp) -> Vec<Group> {
        let mut groups: BTreeMap<&str, (Group, bool)> = BTreeMap::new();
        for (id, ours) in self.there.iter().filter(|(_, ours)| ours.returning.is_none()) {
            let key = ours.request.as_deref().unwrap_or(id.as_str());
            let is_starting = ours.unit.state == UnitState::Starting;
            groups
                .entry(key)
                .and_modify(|(group, moves)| {
                    group.are_several = true;
                    *moves |= is_starting;
                })
                .or_insert_with(|| {
                    let request = ours.request.clone();
                    (Group { request, first: id.clone(), are_several: false }, is_starting)
                });
        }
        let last = |key: &str| self.refreshed.get(key).copied();
        let is_due = |key: &str, moves: bool| moves || last(key).is_none_or(|last| now.since(last) >= every);
        let mut due: Vec<(Option<Timestamp>, Group)> = groups
            .into_iter()
            .filter(|(key, (_, moves))| is_due(key, *moves))
            .map(|(key, (group, _))| (last(key), group))
            .collect();
        due.sort_by_key(|(last, _)| *last);
        due.into_iter().take(at_most).map(|(_, group)| group).collect()
    }

    /// A group was asked about.
    pub(super) fn refreshed(&mut self, group: &Group, now: Timestamp) {
        let key = group.request.clone().unwrap_or_else(|| group.first.to_string());
        self.refreshed.insert(key, now);
    }

    /// Machines that somebody has stopped: they cost, and nobody works there.
    pub(super) fn take_stopped(&mut self) -> Vec<UnitId> {
        mem::take(&mut self.stopped).into_iter().collect()
    }

    /// Whether some machine is on its way in or out.
    pub(super) fn is_moving(&self) -> bool {
        self.there.values().any(|ours| matches!(ours.unit.state, UnitState::Starting | UnitState::Stopping))
    }

    /// Every machine that is there, and the ends that were not told yet.
    pub(super) fn listing(&mut self, now: Timestamp) -> Vec<Arc<Unit>> {
        self.ended.retain(|_, told| now.since(*told) <= REMEMBERED);
        let requests: HashSet<&str> = self.there.values().filter_map(|ours| ours.request.as_deref()).collect();
        let is_alone = |key: &str| self.there.contains_key(&UnitId::from(key));
        self.refreshed.retain(|key, _| requests.contains(key.as_str()) || is_alone(key));
        let mut units = mem::take(&mut self.news);
        units.extend(self.there.values().map(|ours| Arc::clone(&ours.unit)));
        units
    }

    /// The outcome of a launch was told: machines keep its name.
    pub(super) fn settled(&mut self, launch: &LaunchId) {
        let is_there = |request: &str| self.there.values().any(|ours| ours.request.as_deref() == Some(request));
        let over: Vec<String> = self
            .launches
            .iter()
            .filter(|(request, other)| *other == launch && !is_there(request))
            .map(|(request, _)| request.clone())
            .collect();
        over.iter().for_each(|request| drop(self.launches.remove(request)));
    }
}

fn changed(unit: &Unit, state: UnitState, now: Timestamp) -> Arc<Unit> {
    let since = if unit.state == state { unit.since } else { now };
    Arc::new(Unit { state, since, ..unit.clone() })
}
