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
    /// Whether one of them may be said now.
    pub(super) fn may(seldom: &mut Seldom) -> bool {
        seldom.may_say(Clock::system().now())
    }
}
