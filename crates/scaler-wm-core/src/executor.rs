//! The executor seam: work handed, task by task, to somebody else's scheduler (AWS Batch, IBM Spectrum Symphony).

use std::{num::NonZeroUsize, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, TaskId, control::CallFigures};

/// What an executor is and can do, known before anything is asked of it.
#[derive(Clone, Debug)]
pub struct ExecutorInfo {
    /// The manager type that users write, such as `aws_hpc`.
    pub name: &'static str,
    /// The most tasks that one call of [`TaskExecutor::submit`] takes.
    pub largest_batch: NonZeroUsize,
    /// Whether tasks outlive the process that submitted them, so that a later one finds them by
    /// [`TaskExecutor::recover`].
    pub outlives: bool,
    /// How long [`TaskExecutor::close`] may take.
    pub closes_within: Duration,
}

/// What a task runs with: objects of its client, opaque to everything that passes them on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The client's serializer, pickled.
    pub serializer: Bytes,
    /// The function, as that serializer made it.
    pub function: Bytes,
    /// The arguments, likewise.
    pub arguments: Vec<Bytes>,
}

impl Inputs {
    /// How many bytes all of it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        let all = [&self.serializer, &self.function].into_iter().chain(&self.arguments);
        all.map(|part| part.len() as u64).sum()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One task to run elsewhere.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The task.
    pub task: TaskId,
    /// The id of the client that wants it, as it travels.
    pub client: Bytes,
    /// What it runs with.
    pub inputs: Inputs,
}

/// Where a submitted task can be found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What came of it.
    pub outcome: TaskOutcome,
}

/// What came of a task.
#[derive(Debug)]
pub enum TaskOutcome {
    /// It returned this, as its client's serializer made it.
    Returned(Bytes),
    /// It raised this exception, pickled.
    Raised(Bytes),
    /// It has neither: its machine went, its time was over, nobody would take it.
    Failed(Error),
    /// It has neither, by no fault of its own, and nothing of it is left out there: it is worth handing over once more.
    Again(Error),
}

/// What came of a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It will not run, or was ended: no completion of it follows.
    Canceled,
    /// It runs, and was not to be ended by force: its completion follows.
    Running,
    /// Nobody has it any more. If its completion was not told yet, it follows.
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

/// A task that was handed over, as the record has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskEntry {
    /// The task.
    pub task: TaskId,
    /// Where it can be found; `None` when nobody has lived to see the answer of [`TaskExecutor::submit`].
    pub handle: Option<Bytes>,
}

/// Keeps tasks on record, from before they are handed over until they have ended.
///
/// Each method returns when the record would survive a crash of this process and of the machine.
#[async_trait]
pub trait TaskJournal: Send + Sync {
    /// Tasks are about to be handed over.
    ///
    /// # Errors
    /// When they could not be recorded: then they must not be handed over.
    async fn handing_over(&self, tasks: &[TaskId]) -> Result<()>;

    /// Tasks were handed over, or are about to be under names by which they can be looked for: a later handle takes the
    /// place of an earlier one.
    ///
    /// # Errors
    /// When that could not be recorded; the tasks stay on record with the handles that they had.
    async fn handed_over(&self, tickets: &[Ticket]) -> Result<()>;

    /// Tasks have ended, or were never taken.
    ///
    /// # Errors
    /// When their records could not be removed; they stay, which costs a question after the next start.
    async fn ended(&self, tasks: &[TaskId]) -> Result<()>;

    /// Every task on record.
    ///
    /// # Errors
    /// When the journal cannot be read.
    async fn tasks(&self) -> Result<Vec<TaskEntry>>;
}

/// Runs tasks by way of somebody else's scheduler. Many workers of one process share one.
#[async_trait]
pub trait TaskExecutor: Send + Sync {
    /// What this executor is and can do.
    fn info(&self) -> &ExecutorInfo;

    /// Hands tasks over; each gets its own answer. One that was refused has no completion; [`crate::ErrorKind::Conflict`] says
    /// that it was canceled meanwhile.
    ///
    /// May wait for more tasks, so as to hand over many at once. A task whose call was dropped may run all the same. One that
    /// is out there already is not started a second time, unless it has ended and was told.
    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)>;

    /// Cancels tasks, running ones only with `force`; tasks whose [`TaskExecutor::submit`] has not been answered are known
    /// too.
    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)>;

    /// The next task that ended, once for each. Cancel safe: a completion is never lost between two calls.
    async fn next(&self) -> Completion;

    /// What came of these tasks is where it belongs, or of no use to anybody: what is kept for them out there can go. Until
    /// then a later process gets their completions again by [`TaskExecutor::recover`].
    async fn release(&self, _tasks: &[TaskId]) {}

    /// What still runs out there of these tasks of an earlier process, those that have ended meanwhile included: completions
    /// of all of them follow. Asked once, before anything else, also where nothing is known.
    ///
    /// # Errors
    /// When the other scheduler cannot be asked.
    async fn recover(&self, known: Vec<TaskEntry>) -> Result<Vec<Ticket>>;

    /// Calls made to the other scheduler so far, by operation, where they are counted.
    fn calls(&self) -> Vec<CallFigures> {
        Vec::new()
    }

    /// Where its tasks run, in words for people: a queue and its region, an application.
    fn place(&self) -> String {
        String::new()
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// When the other scheduler did not confirm; tasks may still run there.
    async fn close(&self, how: Close) -> Result<()>;
}
