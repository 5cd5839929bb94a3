//! Ends what nobody asks for.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::{CancelOutcome, Chain, TaskEntry, TaskId};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::Hub;

/// How often they are looked for.
const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(hub: Arc<Hub>, limit: Duration) {
    let mut ticks = interval(EVERY.min(limit.max(Duration::from_millis(1))));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (running, ended) = hub.desk().expire(limit, Instant::now());
        ended.into_iter().for_each(|task| hub.over(task));
        if !running.is_empty() {
            end(&hub, running).await;
        }
    }
}

async fn end(hub: &Hub, tasks: Vec<TaskId>) {
    info!(tasks = tasks.len(), "tasks that nobody has asked for are canceled");
    for (task, answer) in hub.executor.cancel(&tasks, true).await {
        match answer {
            Ok(CancelOutcome::Canceled | CancelOutcome::NotFound) => hub.over(task),
            Ok(CancelOutcome::Running) => hub.desk().found(task, Instant::now()),
            Err(error) => {
                warn!(%task, error = %Chain(&error), "a task that nobody has asked for could not be canceled");
                hub.desk().found(task, Instant::now());
            }
        }
    }
}

impl Hub {
    /// Finds what runs out there from an earlier process, so that whoever asks for it is attached to it.
    ///
    /// # Errors
    /// When the journal cannot be read, or the other scheduler not be asked.
    pub(crate) async fn recover(&self) -> scaler_wm_core::Result<()> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let known = journal.tasks().await?;
        let asked: Vec<TaskId> = known.iter().map(|TaskEntry { task, .. }| task.clone()).collect();
        let now = Instant::now();
        // Before they are asked about: one that has ended may be told before the answer is here.
        asked.iter().for_each(|task| self.desk().found(task.clone(), now));
        let found = self.executor.recover(known).await?;
        if !asked.is_empty() {
            info!(on_record = asked.len(), found = found.len(), "tasks of an earlier process");
        }
        let mut lost: std::collections::HashSet<TaskId> = asked.into_iter().collect();
        for ticket in found {
            lost.remove(&ticket.task);
        }
        for task in lost {
            self.forget(&task);
            self.over(task);
        }
        Ok(())
    }
}
