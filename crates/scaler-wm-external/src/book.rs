//! Which units there are to our knowledge, and whose end was told already.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{LaunchId, Timestamp, Unit, UnitId, UnitState};

use crate::v1::KnownUnit;

/// How long a unit is asked about that is listed no more, and whose end is never told.
const ASKED_FOR: Duration = Duration::from_secs(600);

/// What is known of units between two looks. A plug-in may tell an end as often as it likes; it counts once.
#[derive(Debug, Default)]
pub(crate) struct Book {
    known: BTreeMap<UnitId, (Option<LaunchId>, Timestamp)>,
    /// Units that have gone, and the look that told of it last.
    ended: HashMap<UnitId, u64>,
    looks: u64,
}

impl Book {
    /// Units that earlier processes have on record.
    pub(crate) fn remember(&mut self, launch: Option<&LaunchId>, units: &[UnitId], now: Timestamp) {
        for unit in units {
            self.known.insert(unit.clone(), (launch.cloned(), now));
        }
    }

    /// What a plug-in is asked about.
    pub(crate) fn known(&self) -> Vec<KnownUnit> {
        let known = |(unit, (launch, _)): (&UnitId, &(Option<LaunchId>, Timestamp))| KnownUnit {
            unit: unit.as_str().to_owned(),
            launch: launch.as_ref().map(|launch| launch.as_str().to_owned()).unwrap_or_default(),
        };
        self.known.iter().map(known).collect()
    }

    /// Takes note of a unit that was told; whether it is news, or what is there still.
    pub(crate) fn note(&mut self, unit: &Unit, now: Timestamp) -> bool {
        if let UnitState::Gone(_) = unit.state {
            self.known.remove(&unit.id);
            return self.ended.insert(unit.id.clone(), self.looks).is_none();
        }
        // An answer that was overtaken by one that knew more.
        if self.ended.contains_key(&unit.id) {
            return false;
        }
        self.known.insert(unit.id.clone(), (unit.launch.clone(), now));
        true
    }

    /// The units of a whole look that are to be passed on.
    pub(crate) fn look(&mut self, units: Vec<Unit>, lag: Duration, now: Timestamp) -> Vec<Arc<Unit>> {
        self.looks += 1;
        let units = units.into_iter().filter(|unit| self.note(unit, now)).map(Arc::new).collect();
        let (looks, asked_for) = (self.looks, ASKED_FOR.max(lag * 2));
        self.ended.retain(|_, last| *last + 2 > looks);
        self.known.retain(|_, (_, last)| now.since(*last) <= asked_for);
        units
    }
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::{Exit, ExitCause, Tier, WorkerMatch};

    use super::*;

    const NO_LAG: Duration = Duration::ZERO;

    fn unit(name: &str, state: UnitState) -> Unit {
        Unit {
            id: UnitId::from(name),
            launch: None,
            state,
            since: Timestamp::default(),
            tier: Tier::default(),
            workers: WorkerMatch::part(name),
            notice: None,
        }
    }

    fn gone() -> UnitState {
        UnitState::Gone(Exit { cause: ExitCause::Code(0), asked: true, sure: true })
    }

    #[test]
    fn an_end_counts_once_however_often_it_is_told() {
        let (mut book, now) = (Book::default(), Timestamp::default());
        assert_eq!(book.look(vec![unit("a", UnitState::Running)], NO_LAG, now).len(), 1);
        assert_eq!(book.known().len(), 1);
        assert_eq!(book.look(vec![unit("a", gone())], NO_LAG, now).len(), 1);
        for _ in 0..5 {
            assert_eq!(book.look(vec![unit("a", gone())], NO_LAG, now).len(), 0);
        }
        assert!(!book.note(&unit("a", UnitState::Running), now), "an answer that was overtaken");
        assert!(book.known().is_empty());
        book.look(Vec::new(), NO_LAG, now);
        book.look(Vec::new(), NO_LAG, now);
        assert!(book.ended.is_empty(), "what nobody tells any more is forgotten");
    }

    #[test]
    fn the_end_of_a_unit_that_nobody_has_seen_is_told_too() {
        assert_eq!(Book::default().look(vec![unit("a", gone())], NO_LAG, Timestamp::default()).len(), 1);
    }

    #[test]
    fn units_on_record_are_asked_about_until_they_are_told_or_missing_for_long() {
        let (mut book, launch) = (Book::default(), LaunchId::from("l"));
        book.remember(Some(&launch), &[UnitId::from("a")], Timestamp::default());
        assert_eq!(book.known(), [KnownUnit { unit: "a".to_owned(), launch: "l".to_owned() }]);
        let later = Timestamp::default() + ASKED_FOR;
        book.look(Vec::new(), NO_LAG, later);
        assert_eq!(book.known().len(), 1);
        book.look(Vec::new(), ASKED_FOR, later + ASKED_FOR);
        assert_eq!(book.known().len(), 1);
        book.look(Vec::new(), NO_LAG, later + ASKED_FOR);
        assert!(book.known().is_empty());
    }
}
