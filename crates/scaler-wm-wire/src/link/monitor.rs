//! The scheduler's monitor: who is busy.

use std::{mem, sync::Arc, time::Duration};

use scaler_wm_core::{Address, Chain, Clock, Seldom};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use super::{LinkSettings, scaler::Shared, tracker::Change};
use crate::{
    Message,
    monitor::{Monitor, MonitorEvent, MonitorSettings},
    ymq::Identity,
};

/// While things change, what is busy is told this far apart.
const EVERY: Duration = Duration::from_millis(100);

/// Listens for ever: without a monitor a manager works, only less well.
pub(super) async fn run(address: Address, settings: LinkSettings, clock: Clock, shared: Arc<Shared>) {
    // Another name than the scheduler's connection has, so that logs of the scheduler tell them apart.
    let identity = Identity::from(format!("{}|monitor", String::from_utf8_lossy(settings.identity.as_bytes())));
    let mut monitor = Monitor::start(MonitorSettings {
        address: address.clone(),
        identity,
        reconnect: settings.reconnect,
        connect: settings.connect,
        seed: settings.seed.wrapping_add(1),
    });
    let (mut is_said, mut told, mut is_changed) = (false, Instant::now(), false);
    let (mut says_up, mut says_down) = (Seldom::default(), Seldom::default());
    loop {
        let event = tokio::select! {
            // Cancel safe by contract.
            event = monitor.next() => event,
            // Cancel safe: a timer.
            () = sleep_until(told + EVERY), if is_changed => {
                let load = shared.tracker().snapshot();
                shared.mailbox.load(load);
                (told, is_changed) = (Instant::now(), false);
                continue;
            }
        };
        match event {
            MonitorEvent::Up => {
                says_up.say(clock.now(), |left_out| {
                    info!(monitor = %address, left_out, "connected to the scheduler's monitor");
                });
                shared.tracker().connected(clock.now());
                (told, is_changed) = (Instant::now(), true);
            }
            MonitorEvent::Said(message) => {
                let Some(change) = hear(&message, &clock, &shared) else { continue };
                is_changed = true;
                if change.workers {
                    shared.workers.send_modify(|version| *version += 1);
                }
                if change.workers || change.first_waiting {
                    shared.changed.notify_one();
                }
            }
            MonitorEvent::Down { error, was_heard } => {
                shared.tracker().lost();
                let unknown = shared.tracker().snapshot();
                shared.mailbox.load(unknown);
                shared.workers.send_modify(|version| *version += 1);
                is_changed = false;
                // One that hangs up at once is no monitor: no line for each.
                let is_news = !mem::replace(&mut is_said, true) || was_heard;
                let line = |left_out| {
                    warn!(
                        monitor = %address,
                        error = %Chain(&error),
                        left_out,
                        "the scheduler's monitor is not heard: what is busy is not known, so scale-down asks the oldest \
                         worker first and heartbeats keep to their interval; --monitor-address names another place; trying on"
                    );
                };
                if !(is_news && says_down.say(clock.now(), line)) {
                    debug!(monitor = %address, error = %Chain(&error), "no monitor yet");
                }
            }
        }
    }
}

fn hear(message: &Message, clock: &Clock, shared: &Shared) -> Option<Change> {
    let now = clock.now();
    match message {
        Message::StateTask(event) => Some(shared.tracker().task(event, now)),
        Message::StateWorker(event) => Some(shared.tracker().worker(event, now)),
        Message::StateScheduler(report) => Some(shared.tracker().report(report, now)),
        _ => None,
    }
}
