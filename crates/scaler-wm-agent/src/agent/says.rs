//! Lines of the log that a scheduler can cause as often as it likes.

use scaler_wm_core::{Clock, Seldom};

/// Lines that a scheduler can cause.
#[derive(Default)]
pub(super) struct Says {
    pub(super) lost: Seldom,
    pub(super) again: Seldom,
    pub(super) new: Seldom,
    pub(super) storage: Seldom,
}

impl Says {
    /// Says one of them, if it may be said now, with how many were left out before it; whether it was said.
    pub(super) fn now(seldom: &mut Seldom, line: impl FnOnce(Option<u64>)) -> bool {
        seldom.say(Clock::system().now(), line)
    }
}
