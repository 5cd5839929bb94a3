//! The executor seam: work handed, task by task, to somebody else's scheduler (AWS Batch, IBM Spectrum Symphony).

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Error, Result, TaskId};

/// One task to run elsewhere.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The task.
    pub task: TaskId,
    /// What the job runner at the other end unpickles; opaque here.
    pub payload: Bytes,
}

/// Where a submitted task can be found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The task.
    pub task: TaskId,
    /// The other scheduler's name for it.
    pub handle: Bytes,
}

/// How a task ended.
#[derive(Debug)]
pub struct Completion {
    /// The task.
    pub task: TaskId,
    /// What it returned, still serialized, or why there is no result.
    pub outcome: Result<Bytes, Error>,
}

/// What came of a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It will not run, or was ended.
    Canceled,
    /// It runs, and was not to be ended by force.
    Running,
    /// Nobody knows it.
    NotFound,
}

/// What becomes of running tasks when an executor closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// They go on; a later process picks them up by [`TaskExecutor::recover`].
    Keep,
    /// They are canceled.
    Cancel,
}

/// Runs tasks by way of somebody else's scheduler.
#[async_trait]
pub trait TaskExecutor: Send + Sync {
    /// Hands tasks over; each gets its own answer.
    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)>;

    /// Cancels tasks, running ones only with `force`.
    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, CancelOutcome)>;

    /// The next task that ended. Cancel safe: a completion is never lost between two calls.
    async fn next(&self) -> Completion;

    /// What still runs out there from an earlier process.
    ///
    /// # Errors
    /// When the other scheduler cannot be asked.
    async fn recover(&self) -> Result<Vec<Ticket>>;

    /// Ends the connection.
    ///
    /// # Errors
    /// When the other scheduler did not confirm; tasks may still run there.
    async fn close(&self, how: Close) -> Result<()>;
}
