//! Hands tasks over: those that are ready together in one call, on record before it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use scaler_wm_core::{
    Backoff, BackoffSettings, Chain, Completion, Error, ErrorKind, Result, Submission, TaskId, TaskOutcome, Ticket,
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use tracing::{debug, warn};

use super::{Hub, desk::Desk};

/// How the wait before another try grows.
const AGAIN: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(200), longest: Duration::from_secs(30) };

pub(super) async fn run(hub: Arc<Hub>, mut offered: mpsc::UnboundedReceiver<Submission>) {
    let at_once = hub.executor.info().largest_batch.get();
    let mut batch = Vec::new();
    // Each call in a task of its own: those that come meanwhile do not wait for its answer.
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            // Cancel safe: a channel's receiver loses nothing.
            count = offered.recv_many(&mut batch, at_once) => {
                if count == 0 {
                    return;
                }
                calls.spawn(hand_over(Arc::clone(&hub), std::mem::take(&mut batch)));
            }
            // Cancel safe: a result stays in the set until it is handed out.
            Some(_) = calls.join_next() => {}
        }
    }
}

/// Hands tasks over until each is taken, refused for good, or wanted no longer.
async fn hand_over(hub: Arc<Hub>, mut batch: Vec<Submission>) {
    let mut backoff = Backoff::new(AGAIN, fastrand::u64(..));
    loop {
        keep(&hub, &mut batch, Desk::is_offered, backoff.failures() > 0);
        let recorded = record(&hub, &batch).await;
        // Behind the record and right before the call: until then a cancel is in time, from then on the executor knows it.
        keep(&hub, &mut batch, Desk::take, true);
        if batch.is_empty() {
            return;
        }
        let refused = match recorded {
            Ok(()) => call(&hub, &batch).await,
            Err(error) => batch.iter().map(|submission| (submission.task.clone(), error.copy())).collect(),
        };
        let (again, failed): (Vec<_>, Vec<_>) =
            refused.into_iter().partition(|(_, error)| is_worth_another_try(error.kind()));
        // A conflict says that it was canceled meanwhile: whoever asks for it now has another offer of it.
        for (task, error) in failed.into_iter().filter(|(_, error)| error.kind() != ErrorKind::Conflict) {
            hub.ended(Completion { task, outcome: TaskOutcome::Failed(error) });
        }
        let Some((_, error)) = again.first() else { return };
        let wait = backoff.failed().max(error.retry_after().unwrap_or_default());
        let (error, wait_seconds) = (Chain(error).to_string(), wait.as_secs_f64());
        if backoff.failures() == 1 {
            warn!(tasks = again.len(), %error, wait_seconds, "tasks could not be handed over: will try again");
        } else {
            debug!(tasks = again.len(), %error, wait_seconds, "tasks could not be handed over: will try again");
        }
        let again: HashSet<TaskId> = again.into_iter().map(|(task, _)| task).collect();
        batch.retain(|submission| again.contains(&submission.task));
        keep(&hub, &mut batch, Desk::put_back, true);
        sleep(wait).await;
    }
}

/// Keeps those of a batch that are still wanted; the others go off the record, if they are on it.
fn keep(hub: &Hub, batch: &mut Vec<Submission>, is_wanted: impl Fn(&mut Desk, &TaskId) -> bool, is_recorded: bool) {
    let mut desk = hub.desk();
    batch.retain(|Submission { task, .. }| {
        let is_wanted = is_wanted(&mut desk, task);
        if !is_wanted && is_recorded {
            hub.over(task.clone());
        }
        is_wanted
    });
}

/// Puts tasks on record; what is not there could not be found again.
async fn record(hub: &Hub, batch: &[Submission]) -> Result<()> {
    let Some(journal) = &hub.journal else { return Ok(()) };
    let tasks: Vec<TaskId> = batch.iter().map(|submission| submission.task.clone()).collect();
    let recorded = journal.handing_over(&tasks).await;
    recorded.map_err(|error| Error::new(ErrorKind::Failed, "record a task", Chain(&error).to_string()))
}

/// One call; which tasks were not taken, and why.
async fn call(hub: &Hub, batch: &[Submission]) -> Vec<(TaskId, Error)> {
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut refused = Vec::new();
    for (task, answer) in hub.executor.submit(batch.to_vec()).await {
        match answer {
            Ok(ticket) => tickets.push(ticket),
            Err(error) => refused.push((task, error)),
        }
    }
    if let Some(journal) = &hub.journal
        && let Err(error) = journal.handed_over(&tickets).await
    {
        warn!(tasks = tickets.len(), error = %Chain(&error), "failed to record where tasks run");
    }
    refused
}

/// Whether it can be taken later, without anybody changing anything.
const fn is_worth_another_try(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Throttled | ErrorKind::NoCapacity | ErrorKind::Quota | ErrorKind::Expired | ErrorKind::Transient
    )
}
