//! What is busy by what a monitor says, for fuzz targets; nothing is promised about it.

use std::time::Duration;

use scaler_wm_core::{Load, Timestamp};

use super::tracker::LoadTracker;
use crate::Message;

/// Hears what a monitor says, one message a second, and lets `look` see what is busy after each.
pub fn hear<'a>(messages: impl IntoIterator<Item = &'a Message>, mut look: impl FnMut(&Load)) {
    let mut now = Timestamp::from_millis(0);
    let mut tracker = LoadTracker::default();
    tracker.connected(now);
    for message in messages {
        now = now + Duration::from_secs(1);
        match message {
            Message::StateTask(event) => tracker.task(event, now),
            Message::StateWorker(event) => tracker.worker(event, now),
            Message::StateScheduler(report) => tracker.report(report, now),
            _ => continue,
        };
        look(&tracker.snapshot());
    }
}
