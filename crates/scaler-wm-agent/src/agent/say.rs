//! What an agent tells its scheduler, and what it keeps from it.

use std::sync::Arc;

use scaler_wm_core::{Chain, TaskId};
use scaler_wm_wire::{
    Message,
    message::{self, CancelOutcome, TaskCancelConfirm},
};
use tracing::debug;

use super::{run::Agent, task::Done};

impl Agent {
    /// A task has ended.
    pub(super) fn announce(&mut self, done: Done) {
        let task = done.task.clone();
        self.say(done.messages().into(), Some(task));
    }

    /// Nobody wants this result: neither the storage nor the executor is to keep it.
    pub(super) fn discard(&self, done: Done) {
        let hub = Arc::clone(&self.hub);
        let (task, object) = done.discard();
        tokio::spawn(async move {
            if let Err(error) = hub.storage().delete(object).await {
                debug!(%task, error = %Chain(&error), "the result of a canceled task stays in the object storage");
            }
            hub.over(task);
        });
    }

    /// A cancel is answered.
    pub(super) fn confirm(&mut self, task: &TaskId, outcome: CancelOutcome) {
        debug!(agent = %self.unit, %task, ?outcome, "a cancel is answered");
        let id = message::TaskId::from(task.as_bytes());
        self.say(vec![Message::TaskCancelConfirm(TaskCancelConfirm { id, outcome })], None);
    }

    /// Tells the scheduler, now or as soon as it is there again.
    fn say(&mut self, messages: Vec<Message>, task: Option<TaskId>) {
        if let Some(link) = self.wire.link()
            && let Err(error) = messages.iter().try_for_each(|message| link.sender.queue(message))
        {
            self.lost(&Chain(&error).to_string());
        }
        self.outbox.tell(messages, task);
    }
}
