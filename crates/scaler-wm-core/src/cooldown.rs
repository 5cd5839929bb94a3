//! A scale-down is honoured only once it has been asked for during some time in a row.

use std::time::Duration;

use crate::Timestamp;

/// Where the cooldown stands. It changes by [`Cooldown::step`] alone.
///
/// Units do not go in one instant: some refuse, some finish their tasks first. So a granted scale-down is kept as a
/// level, down to which units may be released without a further wait, until more is wanted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cooldown {
    /// Since when fewer units than the granted level have been asked for.
    asked_since: Option<Timestamp>,
    /// The level that may be gone down to.
    granted: Option<u32>,
}

impl Cooldown {
    /// What may be aimed at when `desired` units are asked for while `active` ones are there and not on their way out.
    ///
    /// More, or as many, is never delayed, and cancels what was asked or granted before. Fewer waits for `period` in a
    /// row (a further decrease does not restart it); what it grants is the wish of that moment.
    #[must_use]
    pub fn step(self, desired: u32, active: u32, period: Duration, now: Timestamp) -> (Self, u32) {
        if desired >= active {
            return (Self::default(), desired);
        }
        // A wish that rises above the granted level takes the difference back.
        let granted = self.granted.map(|level| level.max(desired)).filter(|level| *level < active);
        if granted == Some(desired) {
            return (Self { asked_since: None, granted }, desired);
        }
        let asked_since = self.asked_since.unwrap_or(now);
        if now.since(asked_since) >= period {
            return (Self { asked_since: None, granted: Some(desired) }, desired);
        }
        (Self { asked_since: Some(asked_since), granted }, granted.unwrap_or(active))
    }

    /// When a scale-down that is asked for now will be granted; `None` when none is waiting.
    #[must_use]
    pub fn ends_at(self, period: Duration) -> Option<Timestamp> {
        self.asked_since.map(|since| since + period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_decrease_waits_and_a_further_one_does_not_restart_the_wait() {
        let (cooldown, target) = Cooldown::default().step(3, 5, PERIOD, at(0));
        assert_eq!((target, cooldown.ends_at(PERIOD)), (5, Some(at(30))));
        let (cooldown, target) = cooldown.step(1, 5, PERIOD, at(20));
        assert_eq!((target, cooldown.ends_at(PERIOD)), (5, Some(at(30))));
        let (cooldown, target) = cooldown.step(1, 5, PERIOD, at(30));
        assert_eq!((target, cooldown.ends_at(PERIOD)), (1, None));
        // Units go one after the other, within the grant.
        let (cooldown, target) = cooldown.step(1, 3, PERIOD, at(31));
        assert_eq!(target, 1);
        // It starts afresh for less than was granted.
        let (cooldown, target) = cooldown.step(0, 2, PERIOD, at(32));
        assert_eq!((target, cooldown.ends_at(PERIOD)), (1, Some(at(62))));
    }

    #[test]
    fn as_much_as_there_is_cancels_the_wait() {
        let (cooldown, _) = Cooldown::default().step(3, 5, PERIOD, at(0));
        let (cooldown, target) = cooldown.step(5, 5, PERIOD, at(29));
        assert_eq!((target, cooldown), (5, Cooldown::default()));
        let (_, target) = cooldown.step(3, 5, PERIOD, at(31));
        assert_eq!(target, 5);
    }

    #[test]
    fn a_wish_that_rises_takes_the_grant_back() {
        let (cooldown, _) = Cooldown::default().step(1, 5, Duration::ZERO, at(0));
        let (cooldown, target) = cooldown.step(4, 5, PERIOD, at(1));
        assert_eq!(target, 4);
        let (_, target) = cooldown.step(1, 5, PERIOD, at(2));
        assert_eq!(target, 4);
    }

    #[test]
    fn without_a_period_every_decrease_is_granted_at_once() {
        let (cooldown, target) = Cooldown::default().step(2, 5, Duration::ZERO, at(0));
        assert_eq!((target, cooldown.step(0, 4, Duration::ZERO, at(0)).1), (2, 0));
    }
}
