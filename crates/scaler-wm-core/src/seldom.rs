//! How often a line is said that somebody else can cause.

use std::{num::NonZeroU64, time::Duration};

use crate::Timestamp;

/// So often it is said without a wait, unless told otherwise.
const AT_ONCE: u32 = 20;
/// After so much time it may be said once more, unless told otherwise.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Bounds a line of the log that a peer can cause as often as it likes: the first few are said, then one a minute. So a
/// peer that comes and goes fills no disk.
#[derive(Clone, Debug)]
pub struct Seldom {
    at_once: u32,
    again_after: Duration,
    left: u32,
    since: Timestamp,
    left_out: u64,
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new(AT_ONCE, AGAIN_AFTER)
    }
}

impl Seldom {
    /// So many are said without a wait, and one more each time so long has passed.
    #[must_use]
    pub const fn new(at_once: u32, again_after: Duration) -> Self {
        Self { at_once, again_after, left: at_once, since: Timestamp::from_millis(0), left_out: 0 }
    }

    /// Says `line`, if it may be said at `now`, with how many were left out before it; whether it was said. What may not is
    /// counted.
    pub fn say(&mut self, now: Timestamp, line: impl FnOnce(Option<u64>)) -> bool {
        let may = self.may_say(now);
        if may {
            line(self.left_out());
        }
        may
    }

    /// Whether it may be said at `now`; what may not is counted. Who says more than one line asks so.
    pub fn may_say(&mut self, now: Timestamp) -> bool {
        let times = now.since(self.since).as_millis() / self.again_after.as_millis().max(1);
        if times > 0 {
            self.left = self.left.saturating_add(u32::try_from(times).unwrap_or(u32::MAX)).min(self.at_once);
            self.since = now;
        }
        let may = self.left > 0;
        if may {
            self.left -= 1;
        } else {
            self.left_out += 1;
        }
        may
    }

    /// How many lines were left out since this was asked last; `None` if there was none.
    pub fn left_out(&mut self) -> Option<u64> {
        NonZeroU64::new(std::mem::take(&mut self.left_out)).map(NonZeroU64::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_tells_how_much_was_not() {
        let (mut seldom, now) =
            (Seldom::new(2, Duration::from_secs(60)), Timestamp::default() + Duration::from_secs(1_000));
        let mut told = Vec::new();
        let said = [0, 0, 0, 0, 60, 60].map(|after| {
            let at = now + Duration::from_secs(after);
            seldom.say(at, |left_out| told.push(left_out))
        });
        assert_eq!(said, [true, true, false, false, true, false]);
        assert_eq!(told, [None, None, Some(2)]);
    }

    #[test]
    fn the_first_few_are_said_and_then_one_a_minute() {
        let (mut seldom, mut now) = (Seldom::default(), Timestamp::default() + Duration::from_secs(1_000_000));
        let said = (0..1000).filter(|_| seldom.may_say(now)).count();
        assert_eq!((said, seldom.left_out(), seldom.left_out()), (AT_ONCE as usize, Some(980), None));
        // A thousand a second, for ten minutes.
        let mut said = 0;
        for _ in 0..600_000 {
            now = now + Duration::from_millis(1);
            said += u32::from(seldom.may_say(now));
        }
        assert_eq!(said, 10);
        now = now + Duration::from_secs(3600);
        assert_eq!((0..1000).filter(|_| seldom.may_say(now)).count(), AT_ONCE as usize, "it was quiet for long");
    }
}
