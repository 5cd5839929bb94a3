//! The units that were told of, so that each end is told once and a lagging list hides nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{Timestamp, Unit, UnitId, UnitState};

/// Tasks that have stopped can be described for about an hour, and no list has them by then.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// What was told of.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// Units that are there.
    there: HashMap<UnitId, Arc<Unit>>,
    /// Units that earlier processes have on record, and that were not seen yet.
    remembered: HashSet<UnitId>,
    /// Units that the API did not know when it was asked, and since when.
    missing: HashMap<UnitId, Timestamp>,
    /// Ends that were told, and when.
    ended: HashMap<UnitId, Timestamp>,
}

impl Fleet {
    /// The units to ask about: those that a list has, and those that are there although it does not have them.
    pub(crate) fn to_ask(&self, listed: Vec<String>) -> Vec<String> {
        let mut ids: HashSet<String> = listed.into_iter().collect();
        ids.retain(|id| !self.ended.contains_key(&UnitId::from(id.as_str())));
        ids.extend(self.there.keys().chain(&self.remembered).map(ToString::to_string));
        let mut ids: Vec<String> = ids.into_iter().collect();
        ids.sort_unstable();
        ids
    }

    /// Takes note of a unit; returns it, unless its end was told before.
    pub(crate) fn note(&mut self, unit: Unit, now: Timestamp) -> Option<Arc<Unit>> {
        if self.ended.contains_key(&unit.id) {
            return None;
        }
        self.missing.remove(&unit.id);
        self.remembered.remove(&unit.id);
        if matches!(unit.state, UnitState::Gone(_)) {
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

    /// A unit is on its way out, by our wish.
    pub(crate) fn stopping(&mut self, unit: &UnitId) {
        if let Some(unit) = self.there.get_mut(unit) {
            *unit = Arc::new(Unit { state: UnitState::Stopping, ..(**unit).clone() });
        }
    }

    /// Units that earlier processes have on record.
    pub(crate) fn remember(&mut self, units: &[UnitId]) {
        self.remembered.extend(units.iter().cloned());
    }

    /// The API did not know these: those that it has not known for `lag` are forgotten, and so are ends that nobody asks
    /// about any more.
    pub(crate) fn tidy(&mut self, missing: Vec<String>, lag: Duration, now: Timestamp) {
        for unit in missing.into_iter().map(UnitId::from) {
            let since = *self.missing.entry(unit.clone()).or_insert(now);
            if now.since(since) > lag {
                self.there.remove(&unit);
                self.remembered.remove(&unit);
                self.missing.remove(&unit);
            }
        }
        self.ended.retain(|_, told| now.since(*told) <= REMEMBERED);
    }

    /// Whether some unit is on its way in or out.
    pub(crate) fn is_moving(&self) -> bool {
        let is_moving = |unit: &Unit| matches!(unit.state, UnitState::Starting | UnitState::Stopping);
        self.there.values().any(|unit| is_moving(unit))
    }
}
