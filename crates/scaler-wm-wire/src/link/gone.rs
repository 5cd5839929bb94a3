//! Reports workers that are surely dead, in their own name.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::{Chain, WorkerId};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tracing::{debug, info, warn};

use super::{LinkSettings, scaler::Shared};
use crate::{
    Message, Result, Version,
    ymq::{Identity, Reconnect, Retry, connect},
};

/// Reports under way at the same time.
const AT_ONCE: usize = 8;
/// How long the monitor may take to show a worker that has just connected, before it counts as never connected.
const APPEAR: Duration = Duration::from_millis(300);
/// How long the connection stays open when no monitor shows that the word arrived.
const LINGER: Duration = Duration::from_millis(500);
/// How long the answer of version 1 may take.
const ANSWER: Duration = Duration::from_secs(1);
/// Tries are spread over this much waiting.
const TRY_FOR: Duration = Duration::from_secs(3);

/// Takes reports until the link is dropped.
pub(super) async fn run(settings: LinkSettings, shared: Arc<Shared>, mut reports: mpsc::Receiver<WorkerId>) {
    let settings = Arc::new(settings);
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            // Cancel safe: a channel's receiver loses nothing.
            worker = reports.recv(), if under_way.len() < AT_ONCE => match worker {
                Some(worker) => {
                    under_way.spawn(report(Arc::clone(&settings), Arc::clone(&shared), worker));
                }
                None => return,
            },
            // Cancel safe: a result stays in the set until it is handed out.
            Some(_) = under_way.join_next() => {}
        }
    }
}

async fn report(settings: Arc<LinkSettings>, shared: Arc<Shared>, worker: WorkerId) {
    let started = Instant::now();
    if shared.tracker().is_connected(&worker) == Some(false) && !shows(&shared, &worker, true, APPEAR).await {
        return debug!(%worker, "the scheduler does not have this dead worker: nothing to report");
    }
    let policy = Reconnect { give_up_after: Some(TRY_FOR), ..Reconnect::default() };
    let mut retry = Retry::new(policy, settings.seed);
    loop {
        let error = match say(&settings, &shared, &worker).await {
            Ok(()) => {
                let took_ms = started.elapsed().as_secs_f64() * 1e3;
                return info!(%worker, took_ms, "told the scheduler that this worker is dead");
            }
            Err(error) => error,
        };
        match retry.failed() {
            Some(wait) if error.is_retryable() => sleep(wait).await,
            _ => {
                return warn!(%worker, error = %Chain(&error), "cannot tell the scheduler that this worker is dead: it \
                    finds out by its own time-out");
            }
        }
    }
}

async fn say(settings: &LinkSettings, shared: &Shared, worker: &WorkerId) -> Result<()> {
    let connection = connect(&settings.scheduler, &Identity::from(worker.as_bytes()), &settings.connect).await?;
    let version = connection.version();
    let (mut sender, mut receiver) = connection.into_messages();
    sender.send(&Message::farewell(worker.clone(), version)).await?;
    if version == Version::V1 {
        let answer = async {
            // Whatever else comes under the name of the dead worker has no receiver any longer.
            while let Ok(Some(message)) = receiver.recv().await {
                if matches!(message, Message::DisconnectResponse(_)) {
                    break;
                }
            }
        };
        // The word went out. A missing answer changes nothing about it.
        let _ = timeout(ANSWER, answer).await;
    } else {
        // A scheduler that reads late must still find the connection open, or it drops what it has not read.
        shows(shared, worker, false, LINGER).await;
    }
    sender.close().await
}

/// Waits until the monitor shows this worker as connected or not; whether it did in time.
async fn shows(shared: &Shared, worker: &WorkerId, is_connected: bool, within: Duration) -> bool {
    let mut versions = shared.workers.subscribe();
    timeout(within, async {
        while shared.tracker().is_connected(worker) != Some(is_connected) && versions.changed().await.is_ok() {}
    })
    .await
    .is_ok()
}
