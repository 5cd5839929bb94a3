//! How workers and worker managers talk to the scheduler.

use bytes::Bytes;

use super::{Capability, ProcessorStatus, Resource, StorageAddress, WorkerId};

/// Worker to scheduler, every interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerHeartbeat {
    /// What the worker's own process uses.
    pub agent: Resource,
    /// Free memory of its machine in bytes.
    pub rss_free: u64,
    /// The most tasks it takes.
    pub queue_size: u32,
    /// Tasks it has.
    pub queued_tasks: u32,
    /// Round trip of the last heartbeat in microseconds.
    pub latency_microseconds: u32,
    /// Whether its processors are locked by a task.
    pub task_lock: bool,
    /// Its processors.
    pub processors: Vec<ProcessorStatus>,
    /// What it has.
    pub capabilities: Vec<Capability>,
    /// The manager that started it: text in every release so far.
    pub manager_id: Bytes,
    /// Memory limit in bytes, 0 when unknown (from 2.9.0 on).
    pub mem_limit: u64,
    /// Its machine (from 2.9.0 on).
    pub hostname: String,
    /// Bytes that its machine sent (from 2.9.0 on).
    pub net_sent_bytes: u64,
    /// Bytes that its machine received (from 2.9.0 on).
    pub net_received_bytes: u64,
}

/// Scheduler to worker: the answer to a [`WorkerHeartbeat`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerHeartbeatEcho {
    /// Where the object storage server listens.
    pub storage: StorageAddress,
}

/// Worker to scheduler, version 1 only: this worker leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisconnectRequest {
    /// The worker that leaves.
    pub worker: WorkerId,
}

/// Scheduler to worker, version 1 only: the answer to a [`DisconnectRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisconnectResponse {
    /// The worker that leaves.
    pub worker: WorkerId,
}

/// Manager to scheduler, every interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerManagerHeartbeat {
    /// The most workers it can have; the largest value where there is no limit.
    pub max_task_concurrency: u32,
    /// What its workers have.
    pub capabilities: Vec<Capability>,
    /// Its id: text in every release so far.
    pub manager_id: Bytes,
}

/// Scheduler to manager: how many workers there should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerManagerCommand {
    /// Wishes; those whose capabilities a manager has add up to its target.
    pub requests: Vec<ConcurrencyRequest>,
}

/// One wish of a [`WorkerManagerCommand`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConcurrencyRequest {
    /// Workers.
    pub task_concurrency: u32,
    /// What they must have; empty matches every manager.
    pub capabilities: Vec<Capability>,
}

/// Scheduler to workers and clients: a client goes, or all must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientDisconnect {
    /// Which of the two.
    pub kind: DisconnectKind,
}

/// What a [`ClientDisconnect`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectKind {
    /// The client goes.
    Disconnect,
    /// The receiver must exit.
    Shutdown,
}
