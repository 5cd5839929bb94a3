//! What a manager is told once.

use std::{sync::Arc, time::Duration};

use crate::{ManagerId, ProviderInfo, Sizing, plan::Limits, policy::Ledger};

/// What a manager is told once, at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name at the scheduler.
    pub manager: ManagerId,
    /// What it serves, and how its units count.
    pub sizing: Sizing,
    /// How long a scale-down must be asked for in a row before it is honoured; zero honours it at once.
    pub scale_down_cooldown: Duration,
    /// How long a busy unit may take to finish what runs when it is no longer wanted.
    pub drain_timeout: Duration,
    /// How long units may take to finish what runs when the manager ends.
    pub stop_timeout: Duration,
    /// Whether work is taken back from a unit that holds more than its share while others are idle, where units can give
    /// it back.
    pub rebalances: bool,
    /// Whether units stay for the next process of this manager when this one is told to stop.
    pub keeps_units: bool,
    /// Where launches are paid from, if the policy has a budget.
    pub ledger: Option<Arc<Ledger>>,
    /// Seeds the jitter of waits: equal seeds, equal waits.
    pub seed: u64,
}

impl Settings {
    pub(super) const fn limits(&self, info: &ProviderInfo) -> Limits {
        Limits {
            max_units: self.sizing.max_units,
            largest_batch: info.largest_batch,
            most_on_order: info.most_on_order,
            cooldown: self.scale_down_cooldown,
            drain_timeout: self.drain_timeout,
            ready_within: info.ready_within,
            relieves: self.rebalances && info.relieves,
            ends_by_itself: info.ends_by_itself,
        }
    }
}
