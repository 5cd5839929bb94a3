//! The message of one frame.

use super::{
    ClientDisconnect, DisconnectRequest, DisconnectResponse, ObjectInstruction, StateScheduler, StateTask, StateWorker,
    Task, TaskCancel, TaskCancelConfirm, TaskLog, TaskResult, WorkerHeartbeat, WorkerHeartbeatEcho, WorkerId,
    WorkerManagerCommand, WorkerManagerHeartbeat,
};
use crate::{Result, Version, codec};

/// The message of one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Run this.
    Task(Task),
    /// Drop this task.
    TaskCancel(TaskCancel),
    /// What became of a [`Message::TaskCancel`].
    TaskCancelConfirm(TaskCancelConfirm),
    /// How a task ended.
    TaskResult(TaskResult),
    /// What a task printed.
    TaskLog(TaskLog),
    /// Objects came to be or must go.
    ObjectInstruction(ObjectInstruction),
    /// A worker is alive.
    WorkerHeartbeat(WorkerHeartbeat),
    /// The answer to a [`Message::WorkerHeartbeat`].
    WorkerHeartbeatEcho(WorkerHeartbeatEcho),
    /// A worker leaves (version 1 only).
    DisconnectRequest(DisconnectRequest),
    /// The answer to a [`Message::DisconnectRequest`] (version 1 only).
    DisconnectResponse(DisconnectResponse),
    /// The worker that sends this leaves (version 2 only).
    WorkerDisconnectNotification,
    /// A client goes, or all must.
    ClientDisconnect(ClientDisconnect),
    /// A worker manager is alive.
    WorkerManagerHeartbeat(WorkerManagerHeartbeat),
    /// The answer to a [`Message::WorkerManagerHeartbeat`].
    WorkerManagerHeartbeatEcho,
    /// How many workers there should be.
    WorkerManagerCommand(WorkerManagerCommand),
    /// The whole scheduler, from its monitor. Boxed, since it is much larger than every other message.
    StateScheduler(Box<StateScheduler>),
    /// A worker came or went, from the monitor.
    StateWorker(StateWorker),
    /// A task changed its state, from the monitor.
    StateTask(StateTask),
    /// A message that no manager, worker or monitor needs, or one that this build does not know.
    Other {
        /// Its ordinal in the union of the version it came in.
        ordinal: u16,
    },
}

impl Message {
    /// Decodes the message of one frame.
    ///
    /// Safe on bytes from anywhere: work and memory are bounded by a multiple of `bytes`, nesting is limited.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) when the bytes are no message or a value is outside its
    /// schema. A member of the union that is not known is no error but [`Message::Other`].
    pub fn decode(bytes: &[u8], version: Version) -> Result<Self> {
        match version {
            Version::V1 => codec::v1::decode(bytes),
            Version::V2 => codec::v2::decode(bytes),
        }
    }

    /// Encodes this message as one frame.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unrepresentable`](crate::ErrorKind::Unrepresentable) when the version has no such message or
    /// value, and always for [`Message::Other`]; [`ErrorKind::Oversized`](crate::ErrorKind::Oversized) when a field
    /// is too long for the format.
    pub fn encode(&self, version: Version) -> Result<Vec<u8>> {
        match version {
            Version::V1 => codec::v1::encode(self),
            Version::V2 => codec::v2::encode(self),
        }
    }

    /// What a worker says when it leaves, or what is said in its name when it is dead.
    #[must_use]
    pub fn farewell(worker: WorkerId, version: Version) -> Self {
        match version {
            Version::V1 => Self::DisconnectRequest(DisconnectRequest { worker }),
            Version::V2 => Self::WorkerDisconnectNotification,
        }
    }

    /// The name of this message in the releases' own schema, for logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Task(_) => "task",
            Self::TaskCancel(_) => "taskCancel",
            Self::TaskCancelConfirm(_) => "taskCancelConfirm",
            Self::TaskResult(_) => "taskResult",
            Self::TaskLog(_) => "taskLog",
            Self::ObjectInstruction(_) => "objectInstruction",
            Self::WorkerHeartbeat(_) => "workerHeartbeat",
            Self::WorkerHeartbeatEcho(_) => "workerHeartbeatEcho",
            Self::DisconnectRequest(_) => "disconnectRequest",
            Self::DisconnectResponse(_) => "disconnectResponse",
            Self::WorkerDisconnectNotification => "workerDisconnectNotification",
            Self::ClientDisconnect(_) => "clientDisconnect",
            Self::WorkerManagerHeartbeat(_) => "workerManagerHeartbeat",
            Self::WorkerManagerHeartbeatEcho => "workerManagerHeartbeatEcho",
            Self::WorkerManagerCommand(_) => "workerManagerCommand",
            Self::StateScheduler(_) => "stateScheduler",
            Self::StateWorker(_) => "stateWorker",
            Self::StateTask(_) => "stateTask",
            Self::Other { .. } => "other",
        }
    }
}
