//! When what failed is tried again.

use std::{collections::BTreeMap, time::Duration};

use crate::{Backoff, BackoffSettings, Tier, Timestamp};

/// No failure for so long: the next one counts as the first.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// Waits for launches, and tiers that rest.
#[derive(Debug)]
pub(super) struct Retries {
    backoff: Backoff,
    not_before: Timestamp,
    tiers: BTreeMap<Tier, Timestamp>,
}

impl Retries {
    pub(super) fn new(seed: u64, now: Timestamp) -> Self {
        let backoff = Backoff::new(BackoffSettings::default(), seed);
        Self { backoff, not_before: now, tiers: BTreeMap::new() }
    }

    /// Nothing is launched before this.
    pub(super) const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Failures in a row.
    pub(super) const fn failures(&self) -> u32 {
        self.backoff.failures()
    }

    /// Something failed: how long to wait. The first failure does not wait, but for [`Self::wait_already`].
    pub(super) fn failed(&mut self, now: Timestamp) -> Duration {
        // One cause that hits many units at once is one failure.
        if self.failures() > 0 && self.not_before > now {
            return self.not_before.since(now);
        }
        let wait = self.backoff.failed();
        self.wait_until(now + wait);
        wait
    }

    /// What fails now would fail at once again: already the first failure waits.
    pub(super) fn wait_already(&mut self) {
        if self.failures() == 0 {
            self.backoff.failed();
        }
    }

    pub(super) fn wait_until(&mut self, time: Timestamp) {
        self.not_before = self.not_before.max(time);
    }

    /// Failures of long ago say nothing any more.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        if self.failures() > 0 && now.since(self.not_before) >= FORGOTTEN_AFTER {
            self.backoff.succeeded();
        }
    }

    /// A tier had no capacity: it is left alone until then.
    pub(super) fn rest(&mut self, tier: &Tier, until: Timestamp) {
        self.tiers.insert(tier.clone(), until);
    }

    /// When a tier may be asked again; long ago if it never failed.
    pub(super) fn available_from(&self, tier: &Tier) -> Timestamp {
        self.tiers.get(tier).copied().unwrap_or_default()
    }

    /// Tiers that are left alone now, and until when.
    pub(super) fn resting(&self, now: Timestamp) -> impl Iterator<Item = (&Tier, Timestamp)> {
        self.tiers.iter().map(|(tier, until)| (tier, *until)).filter(move |(_, until)| *until > now)
    }
}
