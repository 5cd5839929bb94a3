//! The units that were told of, so that each end is told once and a lagging list hides nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use scaler_wm_core::{Result, StopAnswer, Timestamp, Unit, UnitId, UnitState};
use tokio::{sync::watch, time::sleep};

/// What has ended can be described for about an hour, and no list has it by then.
const REMEMBERED: Duration = Duration::from_secs(3_600);
/// While units start or stop, the next look comes so soon.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What a provider knows of its units between two looks.
#[derive(Debug)]
pub struct Units {
    known: Mutex<Known>,
    /// How long what the API lists may be behind what was started.
    lag: Duration,
    changed: Arc<watch::Sender<u64>>,
    /// Whether another look is coming by itself.
    is_looking_again: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Known {
    /// Units that are there.
    there: HashMap<UnitId, Arc<Unit>>,
    /// Units that earlier processes have on record, and that were not seen yet.
    remembered: HashSet<UnitId>,
    /// Units that the API did not know when it was asked, and since when.
    missing: HashMap<UnitId, Timestamp>,
    /// Units that have accepted their end.
    let_go: HashSet<UnitId>,
    /// Ends that were told, and when.
    ended: HashMap<UnitId, Timestamp>,
}

impl Units {
    /// None yet. `lag`: how long what the API lists may be behind what was started.
    #[must_use]
    pub fn new(lag: Duration) -> Self {
        Self { known: Mutex::default(), lag, changed: Arc::new(watch::channel(0).0), is_looking_again: Arc::default() }
    }

    /// The units to ask about: those that a list has, and those that are there although it does not have them.
    #[must_use]
    pub fn to_ask(&self, listed: Vec<String>) -> Vec<String> {
        let known = self.known();
        let mut ids: HashSet<String> = listed.into_iter().collect();
        ids.retain(|id| !known.ended.contains_key(&UnitId::from(id.as_str())));
        ids.extend(known.there.keys().chain(&known.remembered).map(ToString::to_string));
        let mut ids: Vec<String> = ids.into_iter().collect();
        ids.sort_unstable();
        ids
    }

    /// The units that should be there, and that a list does not have.
    #[must_use]
    pub fn unlisted(&self, listed: &HashSet<&str>) -> Vec<String> {
        let known = self.known();
        let ids = known.there.keys().chain(&known.remembered).map(UnitId::as_str);
        let mut ids: Vec<String> = ids.filter(|id| !listed.contains(id)).map(str::to_owned).collect();
        ids.sort_unstable();
        ids
    }

    /// Takes note of units; returns all but those whose end was told before.
    pub fn note(&self, units: impl IntoIterator<Item = Unit>, now: Timestamp) -> Vec<Arc<Unit>> {
        let mut known = self.known();
        units.into_iter().filter_map(|unit| known.note(unit, now)).collect()
    }

    /// Those that have accepted their end are on their way out, by our wish.
    pub fn stopping(&self, answers: &[(UnitId, Result<StopAnswer>)]) {
        let mut known = self.known();
        for (unit, _) in answers.iter().filter(|(_, answer)| matches!(answer, Ok(StopAnswer::Accepted))) {
            known.let_go.insert(unit.clone());
            if let Some(unit) = known.there.get_mut(unit) {
                *unit = Arc::new(Unit { state: UnitState::Stopping, ..(**unit).clone() });
            }
        }
    }

    /// Units that earlier processes have on record.
    pub fn remember(&self, units: &[UnitId]) {
        self.known().remembered.extend(units.iter().cloned());
    }

    /// The API did not know these: those that it has not known for longer than it lags are forgotten, and so are ends that
    /// nobody asks about any more.
    pub fn tidy(&self, missing: Vec<String>, now: Timestamp) {
        let mut known = self.known();
        for unit in missing.into_iter().map(UnitId::from) {
            let since = *known.missing.entry(unit.clone()).or_insert(now);
            if now.since(since) > self.lag {
                known.there.remove(&unit);
                known.remembered.remove(&unit);
                known.missing.remove(&unit);
                known.let_go.remove(&unit);
            }
        }
        known.ended.retain(|_, told| now.since(*told) <= REMEMBERED);
    }

    /// Ticks when it is worth another look.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// It is worth another look.
    pub fn tick(&self) {
        tick(&self.changed);
    }

    /// Ticks in a while, `at_most` so long, if something is on its way: what becomes of it is told by nobody.
    pub fn look_again_if_moving(&self, at_most: Duration) {
        let is_moving = |unit: &Arc<Unit>| matches!(unit.state, UnitState::Starting | UnitState::Stopping);
        if !self.known().there.values().any(is_moving) || self.is_looking_again.swap(true, Ordering::Relaxed) {
            return;
        }
        let (changed, is_looking_again) = (Arc::clone(&self.changed), Arc::clone(&self.is_looking_again));
        tokio::spawn(async move {
            sleep(LOOK_AGAIN_AFTER.min(at_most)).await;
            is_looking_again.store(false, Ordering::Relaxed);
            tick(&changed);
        });
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tick(changed: &watch::Sender<u64>) {
    changed.send_modify(|version| *version += 1);
}

impl Known {
    fn note(&mut self, mut unit: Unit, now: Timestamp) -> Option<Arc<Unit>> {
        if self.ended.contains_key(&unit.id) {
            return None;
        }
        self.missing.remove(&unit.id);
        self.remembered.remove(&unit.id);
        if let UnitState::Gone(exit) = &mut unit.state {
            exit.asked |= self.let_go.remove(&unit.id);
            self.there.remove(&unit.id);
            self.ended.insert(unit.id.clone(), now);
            return Some(Arc::new(unit));
        }
        let known = self.there.entry(unit.id.clone()).or_insert_with(|| Arc::new(unit.clone()));
        if **known != unit {
            *known = Arc::new(unit);
        }
        Some(Arc::clone(known))
    }
}
