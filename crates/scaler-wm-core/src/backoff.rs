//! How long to wait before the next try.

use std::time::Duration;

/// How a [`Backoff`] grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffSettings {
    /// Failures in a row that cost no wait at all.
    pub free: u32,
    /// The first wait; each further one is twice as long.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for BackoffSettings {
    fn default() -> Self {
        Self { free: 1, first: Duration::from_millis(500), longest: Duration::from_secs(60) }
    }
}

/// Counts failures in a row and says how long to wait: doubled each time, with jitter, bounded.
#[derive(Clone, Debug)]
pub struct Backoff {
    settings: BackoffSettings,
    failures: u32,
    random: fastrand::Rng,
}

impl Backoff {
    /// No failure so far. Equal seeds give equal waits.
    #[must_use]
    pub fn new(settings: BackoffSettings, seed: u64) -> Self {
        Self { settings, failures: 0, random: fastrand::Rng::with_seed(seed) }
    }

    /// One more failure: how long to wait before the next try.
    ///
    /// Up to a quarter is taken off at random, so that many managers that failed together do not return together.
    pub fn failed(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let Some(doublings) = self.failures.checked_sub(self.settings.free + 1) else {
            return Duration::ZERO;
        };
        let factor = 2_u32.saturating_pow(doublings.min(31));
        let wait = self.settings.first.saturating_mul(factor).min(self.settings.longest);
        wait.mul_f64(1.0 - 0.25 * self.random.f64())
    }

    /// It works again.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row so far.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_afresh() {
        let mut backoff = Backoff::new(BackoffSettings::default(), 7);
        assert_eq!(backoff.failed(), Duration::ZERO);
        let waits: Vec<f64> = (0..12).map(|_| backoff.failed().as_secs_f64()).collect();
        for (index, wait) in waits.iter().enumerate() {
            let whole = (0.5 * f64::from(1_u32 << index)).min(60.0);
            assert!((whole * 0.75..=whole).contains(wait), "wait {index} is {wait}");
        }
        backoff.succeeded();
        assert_eq!(backoff.failed(), Duration::ZERO);
    }
}
