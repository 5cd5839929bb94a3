//! What the scheduler's monitor publishes.

use std::time::Duration;

use bytes::Bytes;

use super::{
    BinderStatus, Capability, ClientId, ClientStatus, ObjectManagerStatus, Resource, ScalingManagerStatus, TaskCount,
    TaskId, WorkerId, WorkerStatus,
};

/// The whole scheduler, once a second by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateScheduler {
    /// Messages that passed its socket.
    pub binder: BinderStatus,
    /// What its process uses.
    pub scheduler: Resource,
    /// Free memory of its machine in bytes.
    pub rss_free: u64,
    /// Its clients.
    pub clients: Vec<ClientStatus>,
    /// Its objects.
    pub objects: ObjectManagerStatus,
    /// Its tasks by state.
    pub tasks: Vec<TaskCount>,
    /// Its workers.
    pub workers: Vec<WorkerStatus>,
    /// Its worker managers.
    pub scaling: ScalingManagerStatus,
}

impl StateScheduler {
    /// Tasks that have not ended, in whichever state.
    #[must_use]
    pub fn live_tasks(&self) -> u32 {
        let live = self.tasks.iter().filter(|count| !TaskState::ENDED.contains(&count.state));
        live.fold(0, |sum, count| sum.saturating_add(count.count))
    }
}

/// A worker came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWorker {
    /// The worker.
    pub worker: WorkerId,
    /// Which of the two.
    pub state: WorkerState,
    /// What it has.
    pub capabilities: Vec<Capability>,
}

/// Whether a worker is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// It is.
    Connected,
    /// It is not.
    Disconnected,
}

/// A task changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTask {
    /// The task.
    pub task: TaskId,
    /// The function's name, to show.
    pub function_name: Bytes,
    /// The state it is in now.
    pub state: TaskState,
    /// The worker that has it; empty when none has.
    pub worker: WorkerId,
    /// What the task needs.
    pub capabilities: Vec<Capability>,
    /// With a result, the worker's profile (duration, memory).
    pub metadata: Bytes,
    /// Payload bytes of its arguments (from 2.9.0 on).
    pub object_bytes: u64,
    /// The client that submitted it (from 2.9.0 on).
    pub client: ClientId,
    /// What moved it into this state, empty for the first one (from 2.9.0 on).
    pub event: String,
}

impl StateTask {
    /// A task of which nothing more is known.
    #[must_use]
    pub fn new(task: TaskId, state: TaskState) -> Self {
        Self {
            task,
            function_name: Bytes::new(),
            state,
            worker: WorkerId::from(&b""[..]),
            capabilities: Vec::new(),
            metadata: Bytes::new(),
            object_bytes: 0,
            client: ClientId::default(),
            event: String::new(),
        }
    }

    /// How long the task ran, by its worker's profile, where there is one: a big-endian float of seconds, then peak
    /// memory and processor time (read off 2.6.0 and 2.9.0).
    #[must_use]
    pub fn ran_for(&self) -> Option<Duration> {
        const PROFILE: usize = 16;
        if self.metadata.len() != PROFILE {
            return None;
        }
        let seconds = f32::from_be_bytes(*self.metadata.first_chunk()?);
        Duration::try_from_secs_f32(seconds).ok()
    }
}

/// The state of a task, by the number that travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TaskState {
    /// Waits for a worker.
    Inactive = 0,
    /// Is with the named worker: queued there or running.
    Running = 1,
    /// Is being cancelled for its client.
    Canceling = 2,
    /// Is being cancelled to run elsewhere.
    BalanceCanceling = 3,
    /// Done.
    Success = 4,
    /// Done, with an exception.
    Failed = 5,
    /// Lost with its worker.
    WorkerDied = 6,
    /// Cancelled.
    Canceled = 7,
    /// Was to be cancelled but nobody has it.
    CanceledNotFound = 8,
    /// Cancelled to run elsewhere (version 1 only).
    BalanceCanceled = 9,
    /// Its worker leaves (version 1 only).
    WorkerDisconnecting = 10,
}

impl TaskState {
    /// The numbers of the states in which a task has ended.
    const ENDED: std::ops::RangeInclusive<u8> = Self::Success as u8..=Self::CanceledNotFound as u8;

    /// Whether the task has ended.
    #[must_use]
    pub fn has_ended(self) -> bool {
        Self::ENDED.contains(&(self as u8))
    }
}
