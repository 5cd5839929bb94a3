//! How an agent leaves.

use std::{sync::Arc, time::Duration};

use scaler_wm_wire::{Message, Version};
use tokio::time::timeout;
use tracing::warn;

use super::run::{Agent, End};

/// What runs when an agent is to leave at once gets this long to be canceled.
const CANCEL_WITHIN: Duration = Duration::from_secs(10);
/// How long a farewell may take to go out, and in version 1 to be answered.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);
/// How long the connection stays open behind a farewell that is not answered: a scheduler that reads late drops what it
/// has not read of a connection that is closed.
const LINGER: Duration = Duration::from_millis(500);

impl Agent {
    /// Ends what runs, and tells the scheduler, so that its tasks run elsewhere at once.
    pub(super) async fn leave(&mut self, end: &End) {
        self.work.abort_all();
        let tasks = self.book.clear();
        match end {
            End::Asked if !tasks.is_empty() => {
                let (hub, count) = (Arc::clone(&self.hub), tasks.len());
                // By itself: it goes on to its end, also where that takes longer than we stay.
                let canceling = tokio::spawn(async move { hub.cancel_all(&tasks).await });
                if timeout(CANCEL_WITHIN, canceling).await.is_err() {
                    warn!(agent = %self.unit, tasks = count, "tasks are still being canceled");
                }
            }
            _ => tasks.iter().for_each(|task| self.hub.abandon(task)),
        }
        if self.say_farewell().await {
            self.outbox.clear().into_iter().for_each(|task| self.hub.over(task));
        }
    }

    /// Whether the scheduler surely has all that it was told.
    async fn say_farewell(&mut self) -> bool {
        let Some(link) = self.wire.link() else { return false };
        let version = link.sender.version();
        let farewell = Message::farewell(self.worker.clone(), version);
        let is_sent = link.sender.queue(&farewell).is_ok();
        let is_sent = is_sent && matches!(timeout(FAREWELL_WITHIN, link.sender.flush()).await, Ok(Ok(())));
        if !is_sent {
            return false;
        }
        let answer = async {
            // Whatever else comes has no receiver any longer.
            while let Some(message) = self.wire.last().await {
                if matches!(message, Message::DisconnectResponse(_)) {
                    return;
                }
            }
        };
        let patience = if version == Version::V1 { FAREWELL_WITHIN } else { LINGER };
        // The word went out. A missing answer changes nothing about it.
        let _ = timeout(patience, answer).await;
        true
    }
}
