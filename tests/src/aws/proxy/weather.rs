//! The faults at work: what happens to a call before anybody else sees it.

use std::mem;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Response;

use super::answers;
use super::asked::Asked;
use super::faults::Faults;
use super::limiter::{Bucket, admits};
use super::rules;
use super::visible::Lags;

/// The faults, with what they have used up.
#[derive(Debug)]
pub(super) struct Weather {
    faults: Faults,
    random: fastrand::Rng,
    buckets: Vec<Bucket>,
}

/// What is to happen to a call.
pub(super) enum Judgement {
    /// Its connection is closed.
    Close,
    /// This is answered, and nobody else sees it.
    Answer(Response<Bytes>),
    /// It goes on.
    Pass,
}

impl Weather {
    /// A fine day.
    pub(super) fn new() -> Self {
        Self { faults: Faults::default(), random: fastrand::Rng::with_seed(0), buckets: Vec::new() }
    }

    pub(super) fn set(&mut self, faults: Faults) {
        self.random = fastrand::Rng::with_seed(faults.seed);
        // A limit that stays keeps what is left of it.
        let mut old = mem::take(&mut self.buckets);
        for limit in &faults.limits {
            let kept = old.iter().position(|bucket| bucket.limit() == limit).map(|at| old.remove(at));
            self.buckets.push(kept.unwrap_or_else(|| Bucket::new(limit.clone(), Instant::now())));
        }
        self.faults = faults;
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_secs_f64(self.faults.latency)
    }

    pub(super) fn lags(&self) -> Lags {
        let Faults { list_lag, stop_lag, .. } = self.faults;
        Lags { launch: Duration::from_secs_f64(list_lag), stop: Duration::from_secs_f64(stop_lag) }
    }

    pub(super) fn judge(&mut self, asked: &Asked) -> Judgement {
        let Self { faults, random, buckets } = self;
        if faults.is_down || faults.down.contains(&asked.service) {
            return Judgement::Close;
        }
        if !admits(buckets, asked, Instant::now()) || random.f64() < faults.throttled {
            return Judgement::Answer(answers::throttled(asked));
        }
        if let Some(error) = faults.errors.iter_mut().find_map(|error| error.take(&asked.operation).then_some(&*error))
        {
            return Judgement::Answer(answers::error(asked, error.status, &error.code, &error.message));
        }
        if let Some(answer) = rules::violation(asked) {
            return Judgement::Answer(answer);
        }
        if asked.is("RunTask") && faults.refusals.calls > 0 {
            faults.refusals.calls -= 1;
            return Judgement::Answer(answers::refused(asked, &faults.refusals.reason));
        }
        Judgement::Pass
    }
}
