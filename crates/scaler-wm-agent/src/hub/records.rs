//! Takes off the record, and lets go out there, what is over.

use std::sync::Arc;

use scaler_wm_core::{Chain, TaskId};
use tokio::sync::mpsc;
use tracing::warn;

use super::Hub;

/// The most that is taken off the record at once.
const AT_ONCE: usize = 1000;

pub(super) async fn run(hub: Arc<Hub>, mut ended: mpsc::UnboundedReceiver<TaskId>) {
    let mut tasks = Vec::new();
    while ended.recv_many(&mut tasks, AT_ONCE).await > 0 {
        // Somebody has asked for it again meanwhile: it is on record for that.
        tasks.retain(|task| !hub.desk().is_known(task));
        hub.executor.release(&tasks).await;
        if let Some(journal) = &hub.journal
            && let Err(error) = journal.ended(&tasks).await
        {
            warn!(tasks = tasks.len(), error = %Chain(&error), "tasks that have ended stay on record");
        }
        tasks.clear();
    }
}
