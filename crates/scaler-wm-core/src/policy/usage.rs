//! How long workers have been there lately.

use std::{collections::VecDeque, time::Duration};

use crate::Timestamp;

/// Time is kept in pieces of this length.
const PIECE: Duration = Duration::from_secs(300);
/// So long ago it no longer counts.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The time of a manager's workers, summed over all of them, of the last day.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    /// When each piece began, and the milliseconds of workers in it.
    pieces: VecDeque<(Timestamp, u64)>,
    sum: u64,
}

impl Usage {
    /// So many workers were there from `from` until `to`.
    pub(super) fn add(&mut self, workers: u64, from: Timestamp, to: Timestamp) {
        let millis = workers.saturating_mul(u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX));
        if millis > 0 {
            match self.pieces.back_mut() {
                Some((began, sum)) if to.since(*began) < PIECE => *sum = sum.saturating_add(millis),
                _ => self.pieces.push_back((from, millis)),
            }
            self.sum = self.sum.saturating_add(millis);
        }
        while let Some((_, millis)) = self.pieces.front().copied().filter(|(began, _)| to.since(*began) > DAY + PIECE) {
            self.sum -= millis;
            self.pieces.pop_front();
        }
    }

    /// Hours of workers in the last day.
    #[expect(clippy::cast_precision_loss, reason = "an amount of money is made of it")]
    pub(super) fn worker_hours(&self) -> f64 {
        self.sum as f64 / 3.6e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_day_ago_no_longer_counts() {
        let mut usage = Usage::default();
        let at = |minutes: u64| Timestamp::from_millis(minutes * 60_000);
        for minute in 0..120 {
            usage.add(3, at(minute), at(minute + 1));
        }
        assert!((usage.worker_hours() - 6.0).abs() < 1e-9);
        usage.add(0, at(120), at(24 * 60 + 60));
        // The first hour is gone, but for a piece or two.
        assert!((2.9..3.6).contains(&usage.worker_hours()), "{}", usage.worker_hours());
        usage.add(0, at(24 * 60 + 60), at(48 * 60));
        assert_eq!(usage.worker_hours(), 0.0);
    }
}
