//! Messages as plain Rust types, the same for both versions of the wire.
//!
//! Fields that only one version carries say so. They are left out of the bytes of the other version, and are zero or
//! empty when decoded from it. Field meanings were read off releases 2.6.0 and 2.9.0.

mod frame;
mod ids;
mod parts;
mod state;
mod status;
mod storage;
mod task;
mod worker;

pub use frame::Message;
pub use ids::{ClientId, ObjectId, TaskId};
pub use parts::{Capability, ObjectMetadata, ObjectType, ProcessorStatus, Resource, StorageAddress};
pub use scaler_wm_core::WorkerId;
pub use state::{StateScheduler, StateTask, StateWorker, TaskState, WorkerState};
pub use status::{
    BinderCount, BinderStatus, ClientStatus, ManagedWorkers, ManagerDetail, ObjectManagerStatus, ScalingManagerStatus,
    StorageStatus, TaskCount, WorkerStatus,
};
pub use storage::{ObjectRequestHeader, ObjectRequestKind, ObjectResponseHeader, ObjectResponseKind};
pub use task::{
    Argument, ArgumentKind, CancelOutcome, Instruction, LogStream, ObjectInstruction, ResultOutcome, Task, TaskCancel,
    TaskCancelConfirm, TaskLog, TaskResult,
};
pub use worker::{
    ClientDisconnect, ConcurrencyRequest, DisconnectKind, DisconnectRequest, DisconnectResponse, WorkerHeartbeat,
    WorkerHeartbeatEcho, WorkerManagerCommand, WorkerManagerHeartbeat,
};
