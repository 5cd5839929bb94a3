//! Pacing: token buckets that slow down when AWS says that we ask too often.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// How much slower a pace becomes at most.
const SLOWEST: f64 = 1.0 / 8.0;
/// Throttled calls that were under way together are one reason to slow down.
const ONE_REASON: Duration = Duration::from_millis(500);
/// After so long without a throttled call the pace doubles, until it is the full one.
const DOUBLES_AFTER: Duration = Duration::from_secs(5);

/// What a token bucket holds and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens in a full bucket.
    pub burst: f64,
    /// Tokens that come back in a second.
    pub per_second: f64,
}

/// A token bucket for one kind of call. Whoever comes first goes first.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// May be below zero: those who wait have taken theirs already.
    tokens: f64,
    as_of: Instant,
    /// The share of the full rate that is used now.
    share: f64,
    slowed: Option<Instant>,
}

impl Pace {
    /// A full bucket.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let state = State { tokens: rate.burst, as_of: Instant::now(), share: 1.0, slowed: None };
        Self { rate, state: Mutex::new(state) }
    }

    /// Waits until `tokens` are there, and takes them.
    ///
    /// Cancel safe, but for the tokens: they are gone.
    pub async fn take(&self, tokens: f64) {
        let wait = {
            let mut state = self.state();
            state.tokens -= tokens;
            let missing = (-state.tokens).max(0.0);
            Duration::from_secs_f64(missing / (self.rate.per_second * state.share))
        };
        sleep(wait).await;
    }

    /// A call was throttled: half as fast from here on, and no burst.
    pub fn slow_down(&self) {
        let now = Instant::now();
        let mut state = self.state();
        if state.slowed.is_none_or(|slowed| now - slowed >= ONE_REASON) {
            state.share = (state.share / 2.0).max(SLOWEST);
        }
        state.tokens = state.tokens.min(0.0);
        state.slowed = Some(now);
    }

    /// The share of the full rate that is used now: 1 where nothing was throttled lately.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.state().share
    }

    /// The state, with all that has come back since.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // In steps, as the rate changes with each.
        while let Some(slowed) = state.slowed.filter(|slowed| now - *slowed >= DOUBLES_AFTER) {
            let doubles_at = slowed + DOUBLES_AFTER;
            state.fill(self.rate, doubles_at);
            state.share = (state.share * 2.0).min(1.0);
            state.slowed = (state.share < 1.0).then_some(doubles_at);
        }
        state.fill(self.rate, now);
        state
    }
}

impl State {
    fn fill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.as_of).as_secs_f64();
        self.tokens = (self.tokens + passed * rate.per_second * self.share).min(rate.burst);
        self.as_of = self.as_of.max(now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const RATE: Rate = Rate { burst: 10.0, per_second: 2.0 };

    async fn seconds(pace: &Pace, tokens: f64) -> f64 {
        let began = Instant::now();
        pace.take(tokens).await;
        began.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_comes_at_the_rate() {
        let pace = Arc::new(Pace::new(RATE));
        let began = Instant::now();
        let takers: Vec<_> = (0..20)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move {
                    pace.take(1.0).await;
                    began.elapsed().as_secs_f64()
                })
            })
            .collect();
        let mut waits = Vec::new();
        for taker in takers {
            waits.push(taker.await.unwrap());
        }
        let expected = (0..20_i32).map(|index| f64::from((index - 9).max(0)) / 2.0);
        for (wait, expected) in waits.iter().zip(expected) {
            assert!((wait - expected).abs() < 0.01, "{waits:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_call_halves_the_pace_and_quiet_restores_it() {
        let pace = Pace::new(RATE);
        pace.slow_down();
        // Those that were under way together count once.
        pace.slow_down();
        assert!((pace.share() - 0.5).abs() < 1e-9);
        let wait = seconds(&pace, 2.0).await;
        assert!((1.99..2.05).contains(&wait), "no burst, half the rate: {wait}");
        for _ in 0..9 {
            sleep(ONE_REASON).await;
            pace.slow_down();
        }
        assert!((pace.share() - SLOWEST).abs() < 1e-9, "bounded");
        sleep(3 * DOUBLES_AFTER).await;
        assert!((pace.share() - 1.0).abs() < 1e-9);
        sleep(Duration::from_secs(60)).await;
        assert!(seconds(&pace, 10.0).await < 0.01, "the burst is back");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_bucket_holds_no_more_than_its_burst() {
        let pace = Pace::new(RATE);
        sleep(Duration::from_secs(3_600)).await;
        let wait = seconds(&pace, 12.0).await;
        assert!((0.99..1.05).contains(&wait), "{wait}");
    }
}
