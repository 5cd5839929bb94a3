//! Pacing: token buckets that slow down when AWS says that we ask too often.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep},
};

/// How much slower a pace becomes at most.
const SLOWEST: f64 = 1.0 / 8.0;
/// Throttled calls that were under way together are one reason to slow down.
const ONE_REASON: Duration = Duration::from_millis(500);
/// The longest time between two looks at the bucket.
const LONGEST_STEP: Duration = Duration::from_secs(1);
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
    /// Whoever holds it is next; a fair lock, so that they go in the order in which they came.
    turn: AsyncMutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tokens: f64,
    as_of: Instant,
    /// The share of the full rate that is used now.
    share: f64,
    /// When it was last halved.
    halved: Option<Instant>,
    /// When it is doubled next.
    doubles: Option<Instant>,
}

impl Pace {
    /// A full bucket.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let state = State { tokens: rate.burst, as_of: Instant::now(), share: 1.0, halved: None, doubles: None };
        Self { rate, turn: AsyncMutex::default(), state: Mutex::new(state) }
    }

    /// Waits until `tokens` are there, or a full bucket where that is less, and takes them.
    ///
    /// Cancel safe: who does not wait to the end has taken nothing.
    pub async fn take(&self, tokens: f64) {
        let _turn = self.turn.lock().await;
        let wanted = tokens.min(self.rate.burst);
        loop {
            let wait = {
                let mut state = self.state();
                // Less than a thousandth is what rounding leaves.
                if state.tokens + 1e-3 >= wanted {
                    state.tokens -= tokens;
                    return;
                }
                (wanted - state.tokens) / (self.rate.per_second * state.share)
            };
            // In steps, as the pace may change meanwhile.
            sleep(LONGEST_STEP.mul_f64(wait.min(1.0))).await;
        }
    }

    /// A call was throttled: half as fast from here on, and no burst.
    pub fn slow_down(&self) {
        let now = Instant::now();
        let mut state = self.state();
        if state.halved.is_none_or(|halved| now - halved >= ONE_REASON) {
            state.share = (state.share / 2.0).max(SLOWEST);
            state.halved = Some(now);
        }
        state.tokens = state.tokens.min(0.0);
        state.doubles = Some(now + DOUBLES_AFTER);
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
        while let Some(doubles) = state.doubles.filter(|doubles| *doubles <= now) {
            state.fill(self.rate, doubles);
            state.share = (state.share * 2.0).min(1.0);
            state.doubles = (state.share < 1.0).then_some(doubles + DOUBLES_AFTER);
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
    async fn those_who_wait_are_slowed_down_and_speed_up_again_too() {
        let pace = Arc::new(Pace::new(Rate { burst: 1.0, per_second: 1.0 }));
        let began = Instant::now();
        let waiting: Vec<_> = (0..30)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move { pace.take(1.0).await })
            })
            .collect();
        // Throttled all the time, and more often than what counts as one reason.
        for _ in 0..20 {
            sleep(Duration::from_millis(200)).await;
            pace.slow_down();
        }
        assert!((pace.share() - SLOWEST).abs() < 1e-9, "{}", pace.share());
        for taker in waiting {
            taker.await.unwrap();
        }
        let took = began.elapsed().as_secs_f64();
        assert!((40.0..55.0).contains(&took), "30 s, and what the slow 19 s have cost: {took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_that_is_next_to_nothing_is_waited_for() {
        let pace = Pace::new(Rate { burst: 1.0, per_second: f64::MIN_POSITIVE });
        pace.take(1.0).await;
        assert!(tokio::time::timeout(Duration::from_secs(1_000), pace.take(1.0)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_bucket_holds_no_more_than_its_burst() {
        let pace = Pace::new(RATE);
        sleep(Duration::from_secs(3_600)).await;
        assert!(seconds(&pace, 12.0).await < 0.01, "more than a bucket holds is taken from a full one");
        let wait = seconds(&pace, 1.0).await;
        assert!((1.49..1.55).contains(&wait), "and paid back: {wait}");
    }
}
