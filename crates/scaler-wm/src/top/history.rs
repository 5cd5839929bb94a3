//! What was desired and there, since the watching began: as much memory after a week as after a minute.

/// Samples that are kept. With more, two become one.
const MOST: usize = 1024;

/// Units at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// Wanted; not known before the scheduler has said so.
    pub(super) desired: Option<u32>,
    pub(super) observed: u32,
}

impl Sample {
    /// Of both the higher: a peak stays to be seen.
    fn and(self, other: Self) -> Self {
        Self { desired: self.desired.max(other.desired), observed: self.observed.max(other.observed) }
    }
}

fn both(one: Option<Sample>, other: Option<Sample>) -> Option<Sample> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
}

/// All of it, oldest first. Where nobody was asked there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct History {
    began: u64,
    /// Milliseconds of one sample.
    step: u64,
    samples: Vec<Option<Sample>>,
}

impl History {
    /// Adds what was seen at an instant, in milliseconds.
    pub(super) fn add(&mut self, at: u64, sample: Sample) {
        if self.samples.is_empty() {
            (self.began, self.step) = (at, 1000);
        }
        // A clock that was set back stands still meanwhile.
        let mut slot = self.slot(at);
        while slot >= MOST {
            self.samples = self.samples.chunks(2).map(|pair| pair.iter().copied().fold(None, both)).collect();
            self.step *= 2;
            slot = self.slot(at);
        }
        let slot = slot.max(self.samples.len().saturating_sub(1));
        self.samples.resize(self.samples.len().max(slot + 1), None);
        self.samples[slot] = both(self.samples[slot], Some(sample));
    }

    fn slot(&self, at: u64) -> usize {
        // Rounds come a little later each second: to the nearest one, so that none is left out for it.
        usize::try_from((at.saturating_sub(self.began) + self.step / 2) / self.step).unwrap_or(usize::MAX)
    }

    /// When it began, in milliseconds.
    pub(super) const fn began(&self) -> u64 {
        self.began
    }

    /// At most so many columns, of equal times; and that time in milliseconds. Columns stay what they are when more is
    /// added, until they become wider.
    pub(super) fn columns(&self, most: usize) -> (Vec<Option<Sample>>, u64) {
        let each = self.samples.len().div_ceil(most.max(1)).max(1);
        let columns = self.samples.chunks(each).map(|chunk| chunk.iter().copied().fold(None, both)).collect();
        (columns, self.step * u64::try_from(each).unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(desired: u32, observed: u32) -> Sample {
        Sample { desired: Some(desired), observed }
    }

    #[test]
    fn what_was_not_seen_is_left_open() {
        let mut history = History::default();
        history.add(5_000, sample(1, 0));
        history.add(6_040, sample(2, 1));
        history.add(9_010, sample(3, 2));
        let (columns, step) = history.columns(80);
        assert_eq!(columns, [Some(sample(1, 0)), Some(sample(2, 1)), None, None, Some(sample(3, 2))]);
        assert_eq!((history.began(), step), (5_000, 1000));
    }

    #[test]
    fn columns_are_no_more_than_there_is_room_for_and_peaks_stay() {
        let mut history = History::default();
        for second in 0..100 {
            history.add(second * 1000, sample(u32::from(second == 41), 1));
        }
        let (columns, step) = history.columns(30);
        assert_eq!((columns.len(), step), (25, 4000));
        assert_eq!(columns.iter().position(|column| *column == Some(sample(1, 1))), Some(10));
        assert!(history.columns(0).0.len() == 1);
    }

    #[test]
    fn a_week_takes_no_more_room_than_an_hour() {
        let mut history = History::default();
        for second in 0..7 * 86_400 {
            history.add(second * 1000, sample(u32::from(second == 300_000), 1));
        }
        assert!(history.samples.len() <= MOST);
        let (columns, step) = history.columns(70);
        assert!(columns.len() as u64 * step >= 7 * 86_400_000 && columns.len() <= 70);
        assert!(columns.contains(&Some(sample(1, 1))));
    }

    #[test]
    fn clocks_may_be_set() {
        let mut history = History::default();
        history.add(100_000, sample(1, 1));
        history.add(50_000, sample(2, 1));
        assert_eq!(history.columns(9).0, [Some(sample(2, 1))]);
        history.add(u64::MAX / 4, sample(3, 1));
        assert!(history.samples.len() <= MOST);
    }
}
