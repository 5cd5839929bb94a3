//! What a policy decides by what a monitor says, for fuzz targets; nothing is promised about it.

use std::time::Duration;

use scaler_wm_core::{
    Capabilities, Limit, ManagerId, Timestamp, WorkerId, WorkerMatch,
    policy::{Decision, Offer, Policy},
};
use tokio::time::Instant;

use super::{UnitReport, feed::Feed};
use crate::Message;

/// Hears what a monitor says, one message a second, and lets `look` see after each what is decided for `manager`, which has
/// one unit and is in this process.
pub fn hear(
    policy: &Policy,
    manager: &ManagerId,
    limit: Limit,
    messages: impl IntoIterator<Item = Message>,
    mut look: impl FnMut(&Decision),
) {
    let mut now = Timestamp::from_millis(0);
    let mut feed = Feed::new(policy, policy.ledger());
    feed.manager(manager.clone(), Offer::new(limit, Capabilities::default()));
    let workers = WorkerMatch::Exact(WorkerId::from("Worker|ours"));
    feed.units(manager, vec![UnitReport { workers, is_up: false, is_connected: false }], Instant::now());
    feed.begin();
    for message in messages {
        now = now + Duration::from_secs(1);
        match message {
            Message::StateTask(event) => feed.task(event),
            Message::StateWorker(event) => feed.worker(&event),
            Message::StateScheduler(report) => feed.report(&report, now),
            _ => continue,
        }
        feed.pay(now);
        if let Some(decision) = feed.engine().decide(manager) {
            look(&decision);
        }
    }
}
