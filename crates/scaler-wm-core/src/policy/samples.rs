//! The last of something that was measured.

use std::{collections::VecDeque, time::Duration};

/// The last so many durations.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    last: VecDeque<Duration>,
    sum: Duration,
    most: usize,
}

impl Samples {
    /// None yet; `most` are kept.
    pub(super) const fn new(most: usize) -> Self {
        Self { last: VecDeque::new(), sum: Duration::ZERO, most }
    }

    /// One more.
    pub(super) fn add(&mut self, sample: Duration) {
        if self.last.len() == self.most
            && let Some(oldest) = self.last.pop_front()
        {
            self.sum = self.sum.saturating_sub(oldest);
        }
        self.sum = self.sum.saturating_add(sample);
        self.last.push_back(sample);
    }

    /// Their mean.
    pub(super) fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.last.len()).ok().filter(|count| *count > 0)?;
        Some(self.sum / count)
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
