//! Token buckets at work.

use std::time::Instant;

use super::asked::Asked;
use super::faults::{Counts, Limit};

/// One limit with what is left of it.
#[derive(Debug)]
pub(super) struct Bucket {
    limit: Limit,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(limit: Limit, now: Instant) -> Self {
        Self { tokens: limit.burst, limit, filled: now }
    }

    pub(super) fn limit(&self) -> &Limit {
        &self.limit
    }

    fn cost(&self, asked: &Asked) -> f64 {
        match self.limit.counts {
            _ if asked.operation != self.limit.operation => 0.0,
            Counts::Calls => 1.0,
            Counts::Units => f64::from(u32::try_from(asked.count()).unwrap_or(u32::MAX)),
        }
    }

    fn fill(&mut self, now: Instant) {
        let came = now.duration_since(self.filled).as_secs_f64() * self.limit.rate;
        self.tokens = (self.tokens + came).min(self.limit.burst);
        self.filled = now;
    }
}

/// Whether all buckets have enough for a call. If so it is taken, and else nothing is.
pub(super) fn admits(buckets: &mut [Bucket], asked: &Asked, now: Instant) -> bool {
    buckets.iter_mut().for_each(|bucket| bucket.fill(now));
    // Times are rounded: a client that keeps its pace to the microsecond is not refused for it.
    const ROUNDING: f64 = 1e-6;
    if buckets.iter().any(|bucket| bucket.cost(asked) > bucket.tokens + ROUNDING) {
        return false;
    }
    for bucket in buckets {
        bucket.tokens -= bucket.cost(asked);
    }
    true
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hyper::Request;

    use super::*;

    fn run_task(count: u64) -> Asked {
        let request = Request::post("/").header("x-amz-target", "AmazonEC2ContainerServiceV20141113.RunTask");
        let body = Bytes::from(format!(r#"{{"count": {count}}}"#));
        Asked::new(request.body(()).expect("a request").into_parts().0, body)
    }

    #[test]
    fn a_call_takes_from_all_buckets_or_from_none() {
        let start = Instant::now();
        let limits = [Limit::calls("RunTask", 1.0, 2.0), Limit::tasks(10.0, 15.0)];
        let mut buckets = limits.map(|limit| Bucket::new(limit, start));
        assert!(admits(&mut buckets, &run_task(10), start));
        assert!(!admits(&mut buckets, &run_task(10), start), "five tasks are left");
        assert!(admits(&mut buckets, &run_task(5), start), "the refused one took nothing");
        let later = start + Duration::from_secs(1);
        assert!(admits(&mut buckets, &run_task(10), later));
        assert!(!admits(&mut buckets, &run_task(0), later), "one call came back, and is taken");
    }
}
