//! Lines of the log that a scheduler can cause as often as it likes.

use std::time::Duration;

use crate::Seldom;

/// Lines that a scheduler can cause.
#[derive(Debug)]
pub(super) struct Says {
    pub(super) away: Seldom,
    pub(super) target: Seldom,
}

impl Default for Says {
    fn default() -> Self {
        // The usual policy asks for one unit more at a time: each is a line, as long as that is no flood.
        Self { away: Seldom::default(), target: Seldom::new(200, Duration::from_secs(5)) }
    }
}
