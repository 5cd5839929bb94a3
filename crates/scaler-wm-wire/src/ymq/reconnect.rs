//! When to try again after a connection was lost.

use std::time::Duration;

use scaler_wm_core::{Backoff, BackoffSettings};

/// How long to keep trying, and how the waits grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The first wait; each further one is twice as long.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// Waits add up to at most this before the peer counts as gone; `None` for ever.
    pub give_up_after: Option<Duration>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(5), give_up_after: None }
    }
}

/// Says how long to wait before each try: doubled, with up to a quarter taken off at random, bounded in sum.
#[derive(Clone, Debug)]
pub struct Retry {
    policy: Reconnect,
    backoff: Backoff,
    waited: Duration,
}

impl Retry {
    /// No failure so far. Equal seeds give equal waits.
    #[must_use]
    pub fn new(policy: Reconnect, seed: u64) -> Self {
        let settings = BackoffSettings { free: 0, first: policy.first, longest: policy.longest };
        Self { policy, backoff: Backoff::new(settings, seed), waited: Duration::ZERO }
    }

    /// One more failure: how long to wait before the next try; `None` when it is time to give up.
    pub fn failed(&mut self) -> Option<Duration> {
        let mut wait = self.backoff.failed();
        if let Some(limit) = self.policy.give_up_after {
            let left = limit.saturating_sub(self.waited);
            if left.is_zero() {
                return None;
            }
            wait = wait.min(left);
        }
        self.waited += wait;
        Some(wait)
    }

    /// Connected: waits start afresh.
    pub const fn succeeded(&mut self) {
        self.backoff.succeeded();
        self.waited = Duration::ZERO;
    }

    /// Failures in a row so far.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.backoff.failures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_add_up_to_another() {
        let policy = Reconnect { give_up_after: Some(Duration::from_secs(20)), ..Reconnect::default() };
        let mut retry = Retry::new(policy, 3);
        let waits: Vec<Duration> = std::iter::from_fn(|| retry.failed()).collect();
        for (index, wait) in waits.iter().enumerate().take(5) {
            let whole = policy.first * (1 << index);
            assert!((whole.mul_f64(0.75)..=whole).contains(wait), "wait {index} is {wait:?}");
        }
        assert!(waits.iter().all(|wait| *wait <= policy.longest));
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_secs(20));

        retry.succeeded();
        assert!(retry.failed().is_some_and(|wait| wait <= policy.first));
        assert_eq!(waits[0], Retry::new(policy, 3).failed().unwrap(), "equal seeds must give equal waits");
    }
}
