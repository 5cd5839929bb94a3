//! One task, from its inputs to its result.

use std::sync::Arc;

use bytes::Bytes;
use scaler_wm_core::{Chain, Error, ErrorKind, Submission, TaskId, TaskOutcome};
use scaler_wm_wire::message::{
    ClientId, Instruction, ObjectId, ObjectInstruction, ObjectMetadata, ObjectType, ResultOutcome, TaskResult,
};
use scaler_wm_wire::{Message, message};
use tracing::{debug, warn};

use crate::{
    hub::{Claim, Hub, Job},
    payload::exception,
};

/// A task that has ended, its result in the object storage.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) task: TaskId,
    client: ClientId,
    outcome: ResultOutcome,
    object: ObjectId,
    size: u64,
}

impl Done {
    #[cfg(test)]
    pub(super) fn of(task: TaskId) -> Self {
        let (client, object) = (ClientId::default(), ObjectId::default());
        Self { task, client, outcome: ResultOutcome::Success, object, size: 0 }
    }

    /// What is left of it when nobody wants it.
    pub(super) fn discard(self) -> (TaskId, ObjectId) {
        (self.task, self.object)
    }

    /// What the scheduler is told: the object first, so that it knows of it when it hears of the task.
    pub(super) fn messages(self) -> [Message; 2] {
        let name = self.object.as_bytes().iter().take(3).map(|byte| format!("{byte:02x}")).collect::<String>();
        let objects = ObjectMetadata {
            ids: vec![self.object.clone()],
            types: vec![ObjectType::Object],
            names: vec![Bytes::from(format!("<res {name}>"))],
            sizes: vec![self.size],
        };
        [
            Message::ObjectInstruction(ObjectInstruction {
                instruction: Instruction::Create,
                user: self.client,
                objects,
            }),
            Message::TaskResult(TaskResult {
                id: message::TaskId::from(self.task.as_bytes()),
                outcome: self.outcome,
                metadata: Bytes::new(),
                results: vec![self.object],
            }),
        ]
    }
}

/// Sees a task through; `None` when it was canceled, or has gone to another agent.
pub(super) async fn see_through(hub: Arc<Hub>, job: Job) -> Option<Done> {
    let outcome = outcome(&hub, &job).await?;
    let (outcome, bytes) = match outcome {
        TaskOutcome::Returned(bytes) => (ResultOutcome::Success, bytes),
        TaskOutcome::Raised(bytes) => (ResultOutcome::Failed, bytes),
        TaskOutcome::Failed(error) | TaskOutcome::Again(error) => {
            let error = Chain(&error).to_string();
            hub.say(|left_out| warn!(task = %job.task, %error, left_out, "a task has failed"));
            (ResultOutcome::Failed, exception(&error))
        }
    };
    let (outcome, object, size) = match store(&hub, &job.client, bytes).await {
        Ok((object, size)) => (outcome, object, size),
        Err(error) => {
            let error = Chain(&error).to_string();
            hub.say(|left_out| warn!(task = %job.task, %error, left_out, "the result of a task cannot be stored"));
            let (object, size) = store(&hub, &job.client, exception(&error)).await.ok()?;
            (ResultOutcome::Failed, object, size)
        }
    };
    debug!(task = %job.task, ?outcome, bytes = size, "a task has ended");
    Some(Done { task: job.task, client: job.client, outcome, object, size })
}

/// What comes of a task, however often it has to be handed over until something does.
async fn outcome(hub: &Hub, job: &Job) -> Option<TaskOutcome> {
    loop {
        match outcome_once(hub, job).await? {
            TaskOutcome::Again(error) => hub.say(|left_out| {
                let error = Chain(&error);
                warn!(task = %job.task, %error, left_out, "a task was lost on its way: it is handed over again");
            }),
            outcome => return Some(outcome),
        }
    }
}

async fn outcome_once(hub: &Hub, job: &Job) -> Option<TaskOutcome> {
    let mut waiting = match hub.claim(&job.task) {
        Claim::Ended(outcome) => return Some(outcome),
        Claim::Attached(waiting) => {
            debug!(task = %job.task, "a task that runs already has come back");
            return waiting.await.ok();
        }
        Claim::New(waiting) => waiting,
    };
    let inputs = tokio::select! {
        // Cancel safe: a oneshot receiver keeps its value until it is polled to the end.
        ended = &mut waiting => return ended.ok(),
        inputs = hub.objects().inputs(job, hub.storage()) => inputs,
    };
    match inputs {
        Ok(inputs) => hub.offer(Submission { task: job.task.clone(), client: job.client.0.clone(), inputs }),
        Err(error) => {
            hub.forget(&job.task);
            let error = Error::new(ErrorKind::Invalid, "load the inputs of a task", "").with_source(error);
            return Some(TaskOutcome::Failed(error));
        }
    }
    waiting.await.ok()
}

async fn store(hub: &Hub, client: &ClientId, bytes: Bytes) -> scaler_wm_wire::Result<(ObjectId, u64)> {
    let object = ObjectId::of(client, fastrand::u128(..).to_be_bytes());
    let size = bytes.len() as u64;
    hub.storage().set(object.clone(), bytes).await?;
    Ok((object, size))
}
