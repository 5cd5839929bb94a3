//! Tasks, and what is said about them and their objects.

use bytes::Bytes;

use super::{Capability, ClientId, ObjectId, ObjectMetadata, TaskId};

/// Scheduler to worker: run this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// The task.
    pub id: TaskId,
    /// The client that submitted it.
    pub source: ClientId,
    /// Empty, or big-endian `?i?`: profiling, priority, stream output.
    pub metadata: Bytes,
    /// The object that holds the function.
    pub function: ObjectId,
    /// What the function is called with.
    pub arguments: Vec<Argument>,
    /// What the worker must have.
    pub capabilities: Vec<Capability>,
}

impl Task {
    /// How much it is preferred: the larger, the sooner; 0 where nothing is said.
    #[must_use]
    pub fn priority(&self) -> i32 {
        // `?i?`: profiling, priority, stream output.
        match self.metadata[..] {
            [_, a, b, c, d, _] => i32::from_be_bytes([a, b, c, d]),
            _ => 0,
        }
    }
}

/// One argument of a [`Task`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Argument {
    /// What `data` names.
    pub kind: ArgumentKind,
    /// A task id or an object id.
    pub data: Bytes,
}

/// What an [`Argument`] names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArgumentKind {
    /// The result of a task.
    #[default]
    Task,
    /// An object.
    Object,
}

/// Scheduler to worker: drop this task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskCancel {
    /// The task.
    pub id: TaskId,
    /// Whether to kill it when it already runs.
    pub force: bool,
}

/// Worker to scheduler: what became of a [`TaskCancel`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCancelConfirm {
    /// The task.
    pub id: TaskId,
    /// What became of it.
    pub outcome: CancelOutcome,
}

/// What became of a [`TaskCancel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It will not run, and no result follows.
    Canceled,
    /// It runs and goes on.
    Failed,
    /// This worker has no such task.
    NotFound,
}

/// Worker to scheduler: how a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskResult {
    /// The task.
    pub id: TaskId,
    /// How it ended.
    pub outcome: ResultOutcome,
    /// The worker's profile, or empty.
    pub metadata: Bytes,
    /// Objects that hold the result, or the pickled exception.
    pub results: Vec<ObjectId>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultOutcome {
    /// With a result.
    Success,
    /// With an exception.
    Failed,
    /// Its worker died.
    WorkerDied,
}

/// Worker to scheduler: what a task printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskLog {
    /// The task.
    pub id: TaskId,
    /// Where it printed to.
    pub stream: LogStream,
    /// What it printed.
    pub content: String,
}

/// Where a task printed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Either way: objects came to be or must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInstruction {
    /// What to do.
    pub instruction: Instruction,
    /// The client on whose behalf.
    pub user: ClientId,
    /// The objects.
    pub objects: ObjectMetadata,
}

/// What an [`ObjectInstruction`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// The objects exist now.
    Create,
    /// The objects are gone: caches must drop them.
    Delete,
    /// All objects of the user are gone.
    Clear,
}
