//! How long units have been there lately.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Time is kept in pieces of this length.
const PIECE: Duration = Duration::from_secs(300);
/// So long ago it no longer counts.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The time of a manager's units, summed over all of them, of the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Usage {
    /// When each piece began, and the milliseconds of units in it.
    pieces: VecDeque<(Timestamp, u64)>,
}

impl Usage {
    /// So many units were there from `from` until `to`.
    pub(super) fn add(&mut self, units: u32, mut from: Timestamp, to: Timestamp) {
        // Whoever has not looked for days need not walk through them.
        from = from.max(to - (DAY + PIECE));
        while from < to {
            let began = self.pieces.back().map(|(began, _)| *began).filter(|began| from.since(*began) < PIECE);
            let until = to.min(began.unwrap_or(from) + PIECE);
            let millis = u64::try_from(until.since(from).as_millis()).unwrap_or(u64::MAX);
            let millis = millis.saturating_mul(u64::from(units));
            match self.pieces.back_mut() {
                Some((_, sum)) if began.is_some() => *sum = sum.saturating_add(millis),
                _ if millis > 0 => self.pieces.push_back((from, millis)),
                _ => {}
            }
            from = until;
        }
        while self.pieces.front().is_some_and(|(began, _)| to.since(*began) > DAY + PIECE) {
            self.pieces.pop_front();
        }
    }

    /// The same, as far as it was not made by a clock that was ahead of `now`: that counts as of now.
    pub(super) fn until(mut self, now: Timestamp) -> Self {
        self.pieces.iter_mut().for_each(|(began, _)| *began = (*began).min(now));
        self
    }

    /// Time of units in the last day.
    pub(super) fn unit_time(&self) -> Duration {
        Duration::from_millis(self.pieces.iter().fold(0, |sum, (_, millis)| sum.saturating_add(*millis)))
    }

    /// Hours of units in the last day.
    pub(super) fn unit_hours(&self) -> f64 {
        self.unit_time().as_secs_f64() / 3_600.0
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
        assert!((usage.unit_hours() - 6.0).abs() < 1e-9);
        usage.add(0, at(120), at(24 * 60 + 60));
        // The first hour is gone, but for a piece or two.
        assert!((2.9..3.6).contains(&usage.unit_hours()), "{}", usage.unit_hours());
        usage.add(0, at(24 * 60 + 60), at(48 * 60));
        assert_eq!(usage.unit_hours(), 0.0);
        // Nobody looked for ten days: a day and a piece of it count.
        usage.add(1, at(0), at(10 * 24 * 60));
        assert!((24.0..24.2).contains(&usage.unit_hours()), "{}", usage.unit_hours());
    }
}
