//! What a link is told once.

use std::time::Duration;

use scaler_wm_core::{Address, Capabilities, ManagerId};

use crate::ymq::{ConnectOptions, Identity, LARGEST_MESSAGE, Reconnect};

/// What a [`ScalerLink`](super::ScalerLink) is told once, at its start.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// Where the scheduler listens.
    pub scheduler: Address,
    /// Where its monitor publishes; `None` for a link without one.
    pub monitor: Option<Address>,
    /// The name of this end; kept over restarts, so that the scheduler takes a restarted manager at once.
    pub identity: Identity,
    /// The manager's name.
    pub manager: ManagerId,
    /// The most task concurrency on offer, as it is sent: the largest value where there is no limit.
    pub offered: u32,
    /// What the manager's workers have.
    pub capabilities: Capabilities,
    /// Time between two regular heartbeats.
    pub heartbeat_interval: Duration,
    /// How the scheduler is sought again, and for how long.
    pub reconnect: Reconnect,
    /// Bounds of every connection.
    pub connect: ConnectOptions,
    /// Whether the scheduler is to say what it wants; else it is not missed.
    pub expects_wishes: bool,
    /// Seeds the jitter of waits: equal seeds, equal waits.
    pub seed: u64,
}

impl LinkSettings {
    /// The settings of a manager with no capabilities, a heartbeat every 2 s, and the scheduler's default monitor
    /// (its port + 2, read off releases 2.6.0 and 2.9.0).
    #[must_use]
    pub fn new(scheduler: Address, identity: Identity, manager: ManagerId, offered: u32) -> Self {
        Self {
            monitor: scheduler.with_port_offset(2),
            scheduler,
            identity,
            manager,
            offered,
            capabilities: Capabilities::default(),
            heartbeat_interval: Duration::from_secs(2),
            reconnect: Reconnect::default(),
            connect: ConnectOptions { max_frame: LARGEST_MESSAGE, ..ConnectOptions::default() },
            expects_wishes: true,
            seed: 0,
        }
    }
}
