//! When the next heartbeat is due.

use std::time::Duration;

use tokio::time::Instant;

/// The least time between two heartbeats that something asked for.
const GAP: Duration = Duration::from_millis(250);
/// How long heartbeats stay that close after a change.
const FAST_FOR: Duration = Duration::from_secs(5);

/// Says when the next heartbeat is due: at the interval, and closer together for some seconds after a change.
///
/// The vanilla policy asks for one worker more than is connected, so a ramp goes as fast as heartbeats do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    interval: Duration,
    last: Option<Instant>,
    wanted: bool,
    fast_until: Option<Instant>,
}

impl Pace {
    /// Nothing sent so far: the first heartbeat is due at once.
    #[must_use]
    pub(super) const fn new(interval: Duration) -> Self {
        Self { interval, last: None, wanted: false, fast_until: None }
    }

    /// Something changed at `now`.
    pub(super) fn changed(&mut self, now: Instant) {
        self.wanted = true;
        self.fast_until = Some(now + FAST_FOR);
    }

    /// A heartbeat went out at `now`.
    pub(super) const fn sent(&mut self, now: Instant) {
        self.last = Some(now);
        self.wanted = false;
    }

    /// When the next one is due; `now` when that has passed.
    #[must_use]
    pub(super) fn due(&self, now: Instant) -> Instant {
        let Some(last) = self.last else { return now };
        let close = last + GAP.min(self.interval);
        let is_fast = self.wanted || self.fast_until.is_some_and(|until| close <= until);
        if is_fast { close.max(now) } else { (last + self.interval).max(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(pace: &mut Pace, start: Instant, until: Duration, changes: &[u64]) -> Vec<u64> {
        let mut beats = Vec::new();
        let mut changes = changes.iter().map(|at| start + Duration::from_millis(*at)).peekable();
        let mut now = start;
        while now <= start + until {
            let due = pace.due(now);
            if let Some(change) = changes.next_if(|change| *change <= due) {
                now = change;
                pace.changed(now);
                continue;
            }
            now = due;
            pace.sent(now);
            beats.push(u64::try_from((now - start).as_millis()).unwrap());
        }
        beats
    }

    #[test]
    fn is_regular_while_nothing_changes() {
        let mut pace = Pace::new(Duration::from_secs(2));
        assert_eq!(beats(&mut pace, Instant::now(), Duration::from_secs(5), &[]), [0, 2000, 4000, 6000]);
    }

    #[test]
    fn a_change_is_told_at_once_and_stays_fast_for_five_seconds() {
        let mut pace = Pace::new(Duration::from_secs(2));
        let beats = beats(&mut pace, Instant::now(), Duration::from_secs(9), &[1000]);
        let mut expected = vec![0, 1000];
        expected.extend((1..=20).map(|count| 1000 + 250 * count));
        expected.extend([8000, 10000]);
        assert_eq!(beats, expected);
    }

    #[test]
    fn many_changes_never_bring_them_closer_than_the_bound() {
        let mut pace = Pace::new(Duration::from_secs(2));
        let changes: Vec<u64> = (0..3000).step_by(7).collect();
        let beats = beats(&mut pace, Instant::now(), Duration::from_secs(3), &changes);
        assert!(beats.windows(2).all(|pair| pair[1] - pair[0] == 250), "{beats:?}");
    }

    #[test]
    fn a_short_interval_is_kept() {
        let mut pace = Pace::new(Duration::from_millis(100));
        assert_eq!(beats(&mut pace, Instant::now(), Duration::from_millis(250), &[110])[..3], [0, 100, 200]);
    }
}
