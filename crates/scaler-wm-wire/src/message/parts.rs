//! What several messages are made of.

use bytes::Bytes;

use super::{ObjectId, TaskId};

/// Something a worker has or a task needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capability {
    /// For example `gpu` or `linux`.
    pub name: String,
    /// A quantity; -1 where there is none.
    pub value: i64,
}

/// Where the object storage server listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageAddress {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// `tcp`, `ipc` and so on.
    pub scheme: String,
}

/// What an object holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObjectType {
    /// A client's serializer.
    #[default]
    Serializer,
    /// A function, an argument or a result.
    Object,
}

/// Objects of one instruction, as lists that run in parallel; the releases leave some of them empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMetadata {
    /// Ids.
    pub ids: Vec<ObjectId>,
    /// What each holds.
    pub types: Vec<ObjectType>,
    /// Names to show.
    pub names: Vec<Bytes>,
    /// Payload bytes of each (from 2.9.0 on).
    pub sizes: Vec<u64>,
}

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Tenths of a percent of one CPU.
    pub cpu: u16,
    /// Resident memory in bytes.
    pub rss: u64,
}

/// One processor of a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessorStatus {
    /// Process id.
    pub pid: u32,
    /// Whether it is ready for tasks.
    pub initialized: bool,
    /// Whether it runs a task.
    pub has_task: bool,
    /// Whether it was stopped in favour of another.
    pub suspended: bool,
    /// What its process uses.
    pub resource: Resource,
    /// The task it runs, empty when idle (from 2.9.0 on).
    pub current_task: TaskId,
    /// Seconds on that task (from 2.9.0 on).
    pub task_age_seconds: u32,
}
