//! What agents are told once.

use std::{num::NonZeroU32, time::Duration};

use scaler_wm_core::{Address, Capabilities, ManagerId};
use scaler_wm_wire::ymq::ConnectOptions;

/// What all agents of a process are told once.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Where the scheduler listens for workers.
    pub scheduler: Address,
    /// Where the object storage server listens; `None` to take the scheduler's word for it.
    pub storage: Option<Address>,
    /// The manager whose workers the agents are.
    pub manager: ManagerId,
    /// What the ids of the agents begin with, behind `Worker|`.
    pub kind: String,
    /// What the tasks may ask for.
    pub capabilities: Capabilities,
    /// The most tasks that one agent has handed over at a time. One of a higher priority than all of these goes beyond it,
    /// since they may wait for it.
    pub concurrency: NonZeroU32,
    /// The most tasks that the scheduler gives to one agent.
    pub queue_size: NonZeroU32,
    /// Time between two heartbeats to the scheduler.
    pub heartbeat_interval: Duration,
    /// An agent whose heartbeats were not answered for so long ends.
    pub death_timeout: Duration,
    /// Bounds of every connection, and whom the other side has to convince.
    pub connect: ConnectOptions,
    /// Bytes of functions, serializers and arguments that are kept in memory for tasks to come.
    pub object_cache_bytes: u64,
    /// A task that runs out there and that nobody asks for is canceled after this time: its scheduler gives it to another
    /// agent within it, or is gone.
    pub pick_up_within: Duration,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

impl AgentConfig {
    /// The defaults of the released managers: 100 tasks at a time, 1,000 queued, a heartbeat every 2 s, five minutes without
    /// an answer; and 32 MiB of objects in memory, two minutes to be asked for again.
    #[must_use]
    pub fn new(scheduler: Address, manager: ManagerId) -> Self {
        Self {
            scheduler,
            storage: None,
            manager,
            kind: "AGT".to_owned(),
            capabilities: Capabilities::default(),
            concurrency: const { NonZeroU32::new(100).expect("not 0") },
            queue_size: const { NonZeroU32::new(1000).expect("not 0") },
            heartbeat_interval: Duration::from_secs(2),
            death_timeout: Duration::from_secs(300),
            connect: ConnectOptions::default(),
            object_cache_bytes: 32 << 20,
            pick_up_within: Duration::from_secs(120),
            seed: fastrand::u64(..),
        }
    }
}
