//! What [`StateScheduler`](super::StateScheduler) is made of.

use bytes::Bytes;

use super::{ClientId, ProcessorStatus, Resource, WorkerId};

/// Messages that passed the scheduler's socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinderStatus {
    /// Received, by message type or peer.
    pub received: Vec<BinderCount>,
    /// Sent, by message type or peer.
    pub sent: Vec<BinderCount>,
}

/// One line of a [`BinderStatus`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinderCount {
    /// What is counted.
    pub client: String,
    /// How many.
    pub number: u32,
}

/// One client of the scheduler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientStatus {
    /// The client.
    pub id: ClientId,
    /// Its tasks.
    pub tasks: u32,
    /// What its process uses (from 2.9.0 on).
    pub resource: Resource,
    /// Round trip in microseconds (from 2.9.0 on).
    pub latency_microseconds: u32,
    /// Seconds since its last heartbeat (from 2.9.0 on).
    pub last_seen_seconds: u16,
    /// Seconds since its first heartbeat (from 2.9.0 on).
    pub connected_seconds: u32,
    /// Its machine (from 2.9.0 on).
    pub hostname: String,
}

/// Objects the scheduler knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectManagerStatus {
    /// How many.
    pub objects: u32,
    /// What the object storage server reports (from 2.9.0 on).
    pub storage: StorageStatus,
}

/// What the object storage server reports; all zero until its first answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageStatus {
    /// Object ids.
    pub ids: u64,
    /// Payloads behind them.
    pub payloads: u64,
    /// Bytes of those payloads.
    pub bytes: u64,
    /// Requests that wait for an object.
    pub pending_requests: u64,
    /// Objects that are waited for.
    pub pending_objects: u64,
    /// Seconds that the oldest request has waited.
    pub oldest_pending_seconds: u64,
}

/// How many tasks are in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCount {
    /// The number of a [`TaskState`](super::TaskState).
    pub state: u8,
    /// How many tasks.
    pub count: u32,
}

/// One worker, as the scheduler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerStatus {
    /// The worker.
    pub id: WorkerId,
    /// What its own process uses.
    pub agent: Resource,
    /// Free memory of its machine in bytes.
    pub rss_free: u64,
    /// Tasks it can still take.
    pub free: u32,
    /// Tasks that the scheduler has with it: 0 means idle.
    pub sent: u32,
    /// Tasks in its queue.
    pub queued: u32,
    /// Processors that are suspended.
    pub suspended: u8,
    /// Round trip in microseconds.
    pub lag_microseconds: u64,
    /// Seconds since its last heartbeat; at most 255 in version 1.
    pub last_seen_seconds: u16,
    /// Whether its processors are initialized, have a task, are locked: text.
    pub itl: String,
    /// Its processors.
    pub processors: Vec<ProcessorStatus>,
    /// Memory limit in bytes, 0 when unknown (from 2.9.0 on).
    pub mem_limit: u64,
    /// Its machine (from 2.9.0 on).
    pub hostname: String,
    /// Bytes that its machine sent (from 2.9.0 on).
    pub net_sent_bytes: u64,
    /// Bytes that its machine received (from 2.9.0 on).
    pub net_received_bytes: u64,
}

impl WorkerStatus {
    /// A worker of which nothing more is known.
    #[must_use]
    pub const fn new(id: WorkerId) -> Self {
        Self {
            id,
            agent: Resource { cpu: 0, rss: 0 },
            rss_free: 0,
            free: 0,
            sent: 0,
            queued: 0,
            suspended: 0,
            lag_microseconds: 0,
            last_seen_seconds: 0,
            itl: String::new(),
            processors: Vec::new(),
            mem_limit: 0,
            hostname: String::new(),
            net_sent_bytes: 0,
            net_received_bytes: 0,
        }
    }
}

/// Managers and their workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScalingManagerStatus {
    /// Connected workers by manager.
    pub managed_workers: Vec<ManagedWorkers>,
    /// The managers.
    pub details: Vec<ManagerDetail>,
}

/// Connected workers of one manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedWorkers {
    /// The manager's id.
    pub manager_id: Bytes,
    /// Its workers.
    pub workers: Vec<WorkerId>,
}

/// One manager, as the scheduler sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagerDetail {
    /// The manager's id.
    pub manager_id: Bytes,
    /// Its YMQ identity.
    pub identity: String,
    /// Seconds since its last heartbeat; at most 255 in version 1.
    pub last_seen_seconds: u16,
    /// The most workers it can have.
    pub max_task_concurrency: u32,
    /// What its workers have: text.
    pub capabilities: String,
    /// Workers asked for that have not connected yet.
    pub pending_workers: u32,
}
