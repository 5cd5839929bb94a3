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
    /// Units that are there, with the time at which the API last knew of them.
    there: HashMap<UnitId, (Arc<Unit>, Timestamp)>,
    /// Ends that were told, and when.
    ended: HashMap<UnitId, Timestamp>,
}

impl Fleet {
    /// The units to ask about: those that a list has, and those that are there although it does not have them.
    pub(crate) fn to_ask(&self, listed: Vec<String>) -> Vec<String> {
        let mut ids: HashSet<String> = listed.into_iter().collect();
        ids.retain(|id| !self.ended.contains_key(&UnitId::from(id.as_str())));
        ids.extend(self.there.keys().map(ToString::to_string));
        let mut ids: Vec<String> = ids.into_iter().collect();
        ids.sort_unstable();
        ids
    }

    /// Takes note of a unit; returns it, unless its end was told before.
    pub(crate) fn note(&mut self, unit: Unit, now: Timestamp) -> Option<Arc<Unit>> {
        if self.ended.contains_key(&unit.id) {
            return None;
        }
        if matches!(unit.state, UnitState::Gone(_)) {
            self.there.remove(&unit.id);
            self.ended.insert(unit.id.clone(), now);
            return Some(Arc::new(unit));
        }
        let entry = self.there.entry(unit.id.clone()).or_insert_with(|| (Arc::new(unit.clone()), now));
        if *entry.0 != unit {
            entry.0 = Arc::new(unit);
        }
        entry.1 = now;
        Some(Arc::clone(&entry.0))
    }

    /// A unit is on its way out, by our wish.
    pub(crate) fn stopping(&mut self, unit: &UnitId) {
        if let Some((unit, _)) = self.there.get_mut(unit) {
            *unit = Arc::new(Unit { state: UnitState::Stopping, ..(**unit).clone() });
        }
    }

    /// Forgets what the API has not known of for `lag`, and ends that nobody asks about any more.
    pub(crate) fn tidy(&mut self, lag: Duration, now: Timestamp) {
        self.there.retain(|_, (_, known)| now.since(*known) <= lag);
        self.ended.retain(|_, told| now.since(*told) <= REMEMBERED);
    }

    /// Whether some unit is on its way in or out.
    pub(crate) fn is_moving(&self) -> bool {
        let is_moving = |unit: &Unit| matches!(unit.state, UnitState::Starting | UnitState::Stopping);
        self.there.values().any(|(unit, _)| is_moving(unit))
    }
}
