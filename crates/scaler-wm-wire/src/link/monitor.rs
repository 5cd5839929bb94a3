//! The connection to the scheduler's monitor: who is busy.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::{Address, Chain, Clock};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::{LinkSettings, scaler::Shared, tracker::Change};
use crate::{
    Error, ErrorKind, Message,
    ymq::{Connection, Identity, Reconnect, Retry, connect},
};

/// While things change, what is busy is told this far apart.
const EVERY: Duration = Duration::from_millis(100);

/// A connection that lasts so long was a good one.
const LASTING: Duration = Duration::from_secs(1);

/// Connects, listens, and connects again, for ever: without a monitor a manager works, only less well.
pub(super) async fn run(address: Address, settings: LinkSettings, clock: Clock, shared: Arc<Shared>) {
    // Another name than the scheduler's connection has, so that logs of the scheduler tell them apart.
    let identity = Identity::from(format!("{}|monitor", String::from_utf8_lossy(settings.identity.as_bytes())));
    let policy = Reconnect { give_up_after: None, ..settings.reconnect };
    let mut retry = Retry::new(policy, settings.seed.wrapping_add(1));
    let mut is_said = false;
    loop {
        let error = match connect(&address, &identity, &settings.connect).await {
            Ok(connection) => {
                info!(monitor = %address, "connected to the scheduler's monitor");
                let started = Instant::now();
                let error = listen(connection, &clock, &shared).await;
                // One that hangs up at once is no monitor: neither quick tries nor a line for each.
                if started.elapsed() > LASTING {
                    is_said = false;
                    retry.succeeded();
                }
                shared.tracker().lost();
                let unknown = shared.tracker().snapshot();
                shared.mailbox.load(unknown);
                shared.workers.send_modify(|version| *version += 1);
                error
            }
            Err(error) => error,
        };
        if std::mem::replace(&mut is_said, true) {
            debug!(monitor = %address, error = %Chain(&error), "no monitor yet");
        } else {
            warn!(
                monitor = %address,
                error = %Chain(&error),
                "the scheduler's monitor is not heard: what is busy is not known, so scale-down asks the oldest worker \
                 first and heartbeats keep to their interval; --monitor-address names another place; trying on"
            );
        }
        if error.kind() == ErrorKind::Unsupported {
            return;
        }
        // The policy has no end, so there is always a wait.
        sleep(retry.failed().unwrap_or(policy.longest)).await;
    }
}

async fn listen(connection: Connection, clock: &Clock, shared: &Shared) -> Error {
    // The sending half is kept: closing it would tell the monitor that we leave.
    let (_sender, mut receiver) = connection.into_messages();
    shared.tracker().connected(clock.now());
    let mut told = Instant::now();
    let mut is_changed = true;
    loop {
        let now = Instant::now();
        if is_changed && now >= told + EVERY {
            let load = shared.tracker().snapshot();
            shared.mailbox.load(load);
            (told, is_changed) = (now, false);
        }
        let received = tokio::select! {
            // Cancel safe by contract.
            received = receiver.recv() => received,
            // Cancel safe: a timer.
            () = sleep_until(told + EVERY), if is_changed => continue,
        };
        let change = match received {
            Ok(Some(message)) => hear(&message, clock, shared),
            Ok(None) => return Error::new(ErrorKind::Truncated, "listen to the monitor", "it closed the connection"),
            Err(error) if error.kind() == ErrorKind::Malformed => {
                debug!(%error, "skipped a message of the monitor");
                continue;
            }
            Err(error) => return error,
        };
        let Some(change) = change else { continue };
        is_changed = true;
        if change.workers {
            shared.workers.send_modify(|version| *version += 1);
        }
        if change.workers || change.first_waiting {
            shared.changed.notify_one();
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
