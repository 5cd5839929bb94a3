//! How many units there were over the last hour, for the status page.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::{Registry, convert, v1};

/// So often a sample is taken.
const EVERY: Duration = Duration::from_secs(5);
/// Samples that are kept of a manager: an hour. Each takes 24 bytes, and all of them 17 KB.
const KEPT: usize = 720;

/// One look at a manager: when, in milliseconds since the Unix epoch, and units desired, observed and draining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sample(u64, Option<u32>, u32, u32);

impl Sample {
    fn of(status: &v1::ManagerStatus, at: u64) -> Self {
        Self(at, status.desired, status.observed, status.draining)
    }

    const fn counts(self) -> (Option<u32>, u32, u32) {
        (self.1, self.2, self.3)
    }
}

/// The last samples of each manager.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<BTreeMap<String, VecDeque<Sample>>>);

impl History {
    /// Takes samples for as long as it is polled.
    pub(super) async fn keep(&self, registry: &Registry) {
        let mut ticks = interval(EVERY);
        // A process that was held up has nothing to make up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = convert::now().as_millis();
            for status in registry.all().iter().map(convert::status) {
                self.add(&status.manager, Sample::of(&status, now));
            }
        }
    }

    fn add(&self, manager: &str, sample: Sample) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match all.get_mut(manager) {
            Some(kept) => kept,
            None => all.entry(manager.to_owned()).or_default(),
        };
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(sample);
    }

    /// The samples of a manager, oldest first, without those that say the same as the one before.
    pub(super) fn changes_of(&self, manager: &str) -> Vec<Sample> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changes: Vec<Sample> = all.get(manager).into_iter().flatten().copied().collect();
        changes.dedup_by_key(|sample| sample.counts());
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let history = History::default();
        for at in 0..3 * KEPT as u64 {
            history.add("m", Sample(at, Some(1), u32::try_from(at).unwrap(), 0));
        }
        let changes = history.changes_of("m");
        assert_eq!(changes.len(), KEPT);
        assert_eq!(changes[0].0, 2 * KEPT as u64);
        assert_eq!(size_of::<Sample>(), 24);
        assert_eq!(KEPT as u64 * EVERY.as_secs(), 3_600);
        assert!(history.changes_of("other").is_empty());
    }

    #[test]
    fn what_stays_the_same_is_told_once() {
        let history = History::default();
        for (at, observed) in [(1, 2), (2, 2), (3, 2), (4, 5), (5, 2)] {
            history.add("m", Sample(at, None, observed, 0));
        }
        let told: Vec<u64> = history.changes_of("m").iter().map(|sample| sample.0).collect();
        assert_eq!(told, [1, 4, 5]);
        let json = serde_json::to_string(&history.changes_of("m")).unwrap();
        assert_eq!(json, "[[1,null,2,0],[4,null,5,0],[5,null,2,0]]");
    }
}
