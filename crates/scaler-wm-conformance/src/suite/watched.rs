//! A provider, and all that it has told so far.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc};

use scaler_wm_core::{
    Clock, ErrorKind, Exit, Launch, Launched, Provider, Result, Stop, StopAnswer, Tier, Unit, UnitId, UnitState,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::Fixture;

/// A provider under one check.
pub(super) struct Watched<'a> {
    check: &'static str,
    fixture: &'a dyn Fixture,
    pub(super) provider: Arc<dyn Provider>,
    changed: watch::Receiver<u64>,
    clock: Clock,
    /// The last that was told of each unit that is there.
    pub(super) units: BTreeMap<UnitId, Arc<Unit>>,
    /// Every end that was told, in order.
    pub(super) gone: Vec<(UnitId, Exit)>,
}

impl<'a> Watched<'a> {
    pub(super) async fn new(check: &'static str, fixture: &'a dyn Fixture) -> Self {
        let provider = fixture.provider().await;
        let changed = provider.changed();
        let clock = Clock::system();
        Self { check, fixture, provider, changed, clock, units: BTreeMap::new(), gone: Vec::new() }
    }

    /// Ends the check when `is_so` is false.
    #[track_caller]
    pub(super) fn expect(&self, is_so: bool, what: &str) {
        assert!(is_so, "{}: expected {what}; there is {:?}, gone are {:?}", self.check, self.units, self.gone);
    }

    pub(super) fn prepare(&self, count: u32) -> Launch {
        let count = NonZeroU32::new(count).expect("a check asks for units");
        let tier = self.provider.info().tiers.first().cloned().unwrap_or_else(Tier::default);
        match self.provider.prepare(count, &tier, self.clock.now()) {
            Ok(launch) => launch,
            Err(error) => panic!("{}: expected a launch of {count}, got {error}", self.check),
        }
    }

    /// A launch that has to work; what it answers counts as told.
    pub(super) async fn launch(&mut self, launch: &Launch) {
        match self.provider.launch(launch).await {
            Ok(Launched { units, failed, .. }) => {
                assert!(failed.is_empty(), "{}: expected every unit, got {failed:?}", self.check);
                units.into_iter().for_each(|unit| self.note(unit));
            }
            Err(error) => panic!("{}: expected units, got {error}", self.check),
        }
    }

    /// This many units, running.
    pub(super) async fn running(&mut self, count: u32) -> Vec<UnitId> {
        let launch = self.prepare(count);
        self.launch(&launch).await;
        self.until("running units", |watched| {
            let running = watched.units.values().filter(|unit| unit.state == UnitState::Running);
            running.count() == count as usize
        })
        .await;
        self.units.keys().cloned().collect()
    }

    pub(super) async fn look(&mut self) {
        match self.provider.observe(&[]).await {
            Ok(observed) => observed.units.into_iter().for_each(|unit| self.note(unit)),
            Err(error) => panic!("{}: expected a listing, got {error}", self.check),
        }
    }

    fn note(&mut self, unit: Arc<Unit>) {
        if let UnitState::Gone(exit) = &unit.state {
            self.units.remove(&unit.id);
            self.gone.push((unit.id.clone(), exit.clone()));
        } else {
            self.units.insert(unit.id.clone(), unit);
        }
    }

    /// Looks, at every tick, until `is_so`.
    pub(super) async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + self.fixture.patience();
        loop {
            self.look().await;
            if is_so(self) {
                return;
            }
            let next = deadline.min(Instant::now() + self.provider.info().observe_every);
            // A tick or the time for another look: either way it looks again.
            let is_over = timeout_at(next, self.changed.changed()).await.is_err() && next == deadline;
            assert!(
                !is_over,
                "{}: waited in vain for {what}; there is {:?}, gone are {:?}",
                self.check, self.units, self.gone
            );
        }
    }

    /// How a unit that has gone was told to have ended.
    pub(super) async fn end_of(&mut self, unit: &UnitId) -> Exit {
        self.until("a unit to be gone", |watched| watched.gone.iter().any(|(id, _)| id == unit)).await;
        // A second look, so that an end that is told twice is seen.
        self.look().await;
        let ends: Vec<&Exit> = self.gone.iter().filter(|(id, _)| id == unit).map(|(_, exit)| exit).collect();
        self.expect(ends.len() == 1, "each end to be told once");
        ends[0].clone()
    }

    /// Asks one unit.
    pub(super) async fn ask(&self, unit: &UnitId, how: Stop) -> Result<StopAnswer> {
        let mut answers = self.provider.stop(std::slice::from_ref(unit), how).await;
        self.expect(answers.len() == 1 && answers[0].0 == *unit, "one answer for one unit");
        answers.remove(0).1
    }

    /// Ends every unit and lets the provider clean up.
    pub(super) async fn finish(mut self) {
        let units: Vec<UnitId> = self.units.keys().cloned().collect();
        for unit in &units {
            match self.ask(unit, Stop::Now).await {
                Ok(answer) => self.expect(answer == StopAnswer::Accepted, "every unit to accept its end"),
                Err(error) => {
                    self.expect(error.kind() == ErrorKind::NotFound, "no failure but that of a unit that went");
                }
            }
        }
        self.until("no unit to be left", |watched| watched.units.is_empty()).await;
        if let Err(error) = self.provider.sweep().await {
            panic!("{}: expected a clean end, got {error}", self.check);
        }
    }
}
