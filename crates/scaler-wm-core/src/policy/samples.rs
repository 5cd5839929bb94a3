//! The last of something that was measured.

use std::{collections::VecDeque, time::Duration};

/// The last so many durations.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    last: VecDeque<Duration>,
    /// In nanoseconds. Wider than a duration: whatever a scheduler tells adds up, and can be taken out again.
    sum: u128,
    most: usize,
}

impl Samples {
    /// None yet; `most` are kept.
    pub(super) const fn new(most: usize) -> Self {
        Self { last: VecDeque::new(), sum: 0, most }
    }

    /// One more.
    pub(super) fn add(&mut self, sample: Duration) {
        if self.last.len() == self.most
            && let Some(oldest) = self.last.pop_front()
        {
            self.sum -= oldest.as_nanos();
        }
        self.sum += sample.as_nanos();
        self.last.push_back(sample);
    }

    /// Their mean.
    pub(super) fn mean(&self) -> Option<Duration> {
        Some(Duration::from_nanos_u128(self.sum.checked_div(self.last.len() as u128)?))
    }

    /// The one that so many percent of them are not above.
    pub(super) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_be_true_is_forgotten_like_the_rest() {
        let mut samples = Samples::new(2);
        [u64::MAX, u64::MAX, 4, 6].map(Duration::from_secs).into_iter().for_each(|sample| samples.add(sample));
        assert_eq!(samples.mean(), Some(Duration::from_secs(5)));
    }

    #[test]
    fn only_the_last_ones_count() {
        let mut samples = Samples::new(20);
        assert_eq!((samples.mean(), samples.percentile(95)), (None, None));
        (1..=100).map(Duration::from_secs).for_each(|sample| samples.add(sample));
        // 81 to 100.
        assert_eq!(samples.mean(), Some(Duration::from_millis(90_500)));
        let of = |percent| samples.percentile(percent).unwrap().as_secs();
        assert_eq!([0, 5, 50, 95, 100].map(of), [81, 81, 90, 99, 100]);
    }
}
