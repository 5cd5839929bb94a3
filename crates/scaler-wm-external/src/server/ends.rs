//! Ends of units, which a provider tells once, until the manager has heard of them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use scaler_wm_core::{Unit, UnitId, UnitState};

/// Ends that may not have arrived.
#[derive(Debug, Default)]
pub(super) struct Ends(BTreeMap<UnitId, (Arc<Unit>, bool)>);

impl Ends {
    /// Takes note of the ends among what the provider tells; the rest is there still.
    pub(super) fn note(&mut self, units: Vec<Arc<Unit>>) -> Vec<Arc<Unit>> {
        let (gone, there): (Vec<_>, Vec<_>) =
            units.into_iter().partition(|unit| matches!(unit.state, UnitState::Gone(_)));
        self.0.extend(gone.into_iter().map(|unit| (unit.id.clone(), (unit, false))));
        there
    }

    /// What is to be told: an end is so until it was told at least once, and the manager believes in the unit no more.
    pub(super) fn tell(&mut self, known: &HashSet<&str>) -> Vec<Arc<Unit>> {
        self.0.retain(|unit, (_, is_told)| !*is_told || known.contains(unit.as_str()));
        let told = self.0.values_mut().map(|(unit, is_told)| {
            *is_told = true;
            Arc::clone(unit)
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::{Exit, ExitCause, Tier, Timestamp, WorkerMatch};

    use super::*;

    #[test]
    fn an_end_is_told_until_the_manager_believes_in_the_unit_no_more() {
        let exit = Exit { cause: ExitCause::Code(0), asked: false, sure: true };
        let gone = Arc::new(Unit {
            id: UnitId::from("a"),
            launch: None,
            state: UnitState::Gone(exit),
            since: Timestamp::default(),
            tier: Tier::default(),
            workers: WorkerMatch::part("a"),
            notice: None,
        });
        let mut ends = Ends::default();
        let known = HashSet::from(["a"]);
        assert!(ends.note(vec![gone]).is_empty());
        assert_eq!(ends.tell(&known).len(), 1);
        assert_eq!(ends.tell(&known).len(), 1, "the answer may have been lost");
        assert_eq!(ends.tell(&HashSet::new()).len(), 0);
    }
}
