//! Carrying out a plan: each call in a task of its own, its outcome comes back as an event.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

use tracing::{debug, info, warn};

use super::{
    Manager,
    outcome::{Outcome, YOUNGER},
};
use crate::{
    Chain, Launch, Result, Stop, Tier, Timestamp, UnitId,
    control::Happening,
    plan::{Action, Cause},
};

/// A launch that the budget does not pay for is tried again after this time.
const REFUSED_AGAIN_IN: Duration = Duration::from_secs(5);

impl Manager {
    /// Looks at the infrastructure when that is due or wanted; one look at a time.
    pub(super) fn observe_if_due(&mut self, now: Timestamp) {
        let is_due = self.observing.is_wanted || self.observing.next <= now;
        if self.observing.is_under_way || !is_due {
            return;
        }
        self.observing.is_under_way = true;
        self.observing.is_wanted = false;
        self.observing.next = now + self.provider.info().observe_every;
        match self.observing.after {
            Some(after) if now <= after => self.look_at(after + YOUNGER),
            _ => self.observing.after = None,
        }
        let (provider, outcomes) = (Arc::clone(&self.provider), self.outcomes.clone());
        let open = self.launches.to_observe();
        tokio::spawn(async move {
            let observed = provider.observe(&open).await;
            // Fails only when the manager has ended, and then nobody wants to know.
            drop(outcomes.send(Outcome::Observed { asked_at: now, observed }));
        });
    }

    /// Does what was planned.
    pub(super) fn act(&mut self, actions: Vec<Action>, now: Timestamp) {
        // In an order of its own, so that a simulation is repeated exactly.
        let mut asks: BTreeMap<Stop, Vec<UnitId>> = BTreeMap::new();
        for action in actions {
            match action {
                Action::Launch { count, tier } => self.start(count, &tier, now),
                Action::LaunchSpare { tier, loaded, queued, idle } => {
                    info!(%loaded, queued, idle, "load is uneven: one unit more is to start, so that the queue can be spread");
                    self.start(NonZeroU32::MIN, &tier, now);
                }
                Action::Ask { unit, how, because } => {
                    if because == Cause::NotOnRecord {
                        self.fleet.set_unwanted(&unit, true);
                        warn!(%unit, "no journal knows this unit: it finishes what runs, and goes");
                    } else if matches!(because, Cause::DrainTimeout | Cause::NotAtScheduler | Cause::StillThere) {
                        info!(%unit, %because, "ending a unit");
                    } else if matches!(because, Cause::Overloaded | Cause::NoGain | Cause::SpareNotNeeded) {
                        info!(%unit, %because, "asking a unit");
                    } else {
                        debug!(%unit, ?how, %because, "asking a unit");
                    }
                    if because == Cause::NotAtScheduler {
                        self.never_ready = Some(self.fleet.ever_connected());
                    }
                    let (words, why) = (how.words().to_owned(), because.to_string());
                    self.happened(Happening::UnitAsked { unit: unit.clone(), how: words, because: why }, now);
                    self.fleet.asked(&unit, how);
                    asks.entry(how).or_default().push(unit);
                }
                Action::WaitUntilIdle { unit, until } => self.fleet.set_waiting(&unit, Some(until)),
                Action::KeepAfterAll { unit } => self.fleet.set_waiting(&unit, None),
            }
        }
        let at_once = self.provider.info().largest_batch.get() as usize;
        // So that the answers for some do not wait for those for all.
        let asks = asks.iter().flat_map(|(how, units)| units.chunks(at_once).map(|units| (*how, units.to_vec())));
        for (how, units) in asks {
            let (provider, outcomes) = (Arc::clone(&self.provider), self.outcomes.clone());
            tokio::spawn(async move {
                let answers = provider.stop(&units, how).await;
                drop(outcomes.send(Outcome::Stopped { how, asked: units, answers }));
            });
        }
    }

    fn start(&mut self, wanted: NonZeroU32, tier: &Tier, now: Timestamp) {
        let admitted = self.purse.admit(wanted, now);
        if admitted < wanted.get() {
            self.look_again(now + REFUSED_AGAIN_IN);
        }
        let Some(count) = NonZeroU32::new(admitted) else { return };
        match self.provider.prepare(count, tier, now) {
            Ok(launch) => {
                info!(launch = %launch.id, units = count, %tier, "starting units");
                self.launches.calling(launch.clone(), self.random.u64(..));
                let (units, id) = (count.get(), launch.id.clone());
                self.happened(Happening::LaunchStarted { launch: id, units, tier: tier.clone() }, now);
                self.seat.meters().note(|figures| {
                    figures.launches += 1;
                    figures.units_asked_for += u64::from(units);
                });
                self.call(launch, true);
            }
            Err(error) => self.failed(error, tier, now),
        }
    }

    /// Calls again what is due: the same launch, the same token.
    pub(super) fn repeat_due_launches(&mut self, now: Timestamp) {
        for launch in self.launches.take_due(now) {
            debug!(launch = %launch.id, "repeating a launch whose outcome is unknown");
            self.call(launch, false);
        }
    }

    fn call(&self, launch: Launch, is_first: bool) {
        let (provider, journal) = (Arc::clone(&self.provider), Arc::clone(&self.journal));
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move {
            let id = launch.id.clone();
            let recorded = if is_first { journal.open(&launch).await } else { Ok(()) };
            let outcome = match recorded {
                Ok(()) => Outcome::Launched { id, outcome: provider.launch(&launch).await },
                Err(error) => Outcome::NotRecorded { id, error },
            };
            drop(outcomes.send(outcome));
        });
    }

    /// Keeps the journal's word on a launch up to date. After a failure the next process takes the launch for open: it looks,
    /// and calls it again where that is safe.
    pub(super) fn record<F>(&self, what: &'static str, write: F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        tokio::spawn(async move {
            if let Err(error) = write.await {
                warn!(error = %Chain(&error), "failed to record {what}");
            }
        });
    }
}
