//! What policies decide by.

use foldhash::HashMap;

use super::{Demand, engine::Change};
use crate::{Capabilities, Limit, ManagerId, WorkerId};

/// Tasks, workers and managers as a scheduler knows them, counted. Every question costs O(1), those of
/// [`Demand`] aside.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    demand: Demand,
    workers: HashMap<WorkerId, Option<ManagerId>>,
    connected: HashMap<ManagerId, u64>,
    offers: HashMap<ManagerId, Offer>,
}

/// What a manager said in its last heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The most task concurrency that it may run.
    pub max_task_concurrency: Limit,
    /// What its workers can do.
    pub capabilities: Capabilities,
}

impl Facts {
    /// Takes in what has changed. What is said twice counts once, and what is gone already may go again.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::TasksAdded { id, capabilities, count } => self.demand.add(id, capabilities, count),
            Change::TasksGone(id) => drop(self.demand.remove(&id)),
            Change::WorkerConnected { worker, manager } => {
                self.worker_gone(&worker);
                if let Some(manager) = &manager {
                    *self.connected.entry(manager.clone()).or_default() += 1;
                }
                self.workers.insert(worker, manager);
            }
            Change::WorkerGone(worker) => self.worker_gone(&worker),
            Change::ManagerHeartbeat { manager, offer } => drop(self.offers.insert(manager, offer)),
            Change::ManagerGone(manager) => drop(self.offers.remove(&manager)),
        }
    }

    fn worker_gone(&mut self, worker: &WorkerId) {
        if let Some(Some(manager)) = self.workers.remove(worker)
            && let Some(count) = self.connected.get_mut(&manager)
        {
            *count -= 1;
            if *count == 0 {
                self.connected.remove(&manager);
            }
        }
    }

    /// The tasks.
    #[must_use]
    pub const fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Connected workers, of whichever manager.
    #[must_use]
    pub fn workers(&self) -> u64 {
        self.workers.len() as u64
    }

    /// Connected workers of `manager`.
    #[must_use]
    pub fn connected(&self, manager: &ManagerId) -> u64 {
        self.connected.get(manager).copied().unwrap_or_default()
    }

    /// What `manager` offers, if it is connected.
    #[must_use]
    pub fn offer(&self, manager: &ManagerId) -> Option<&Offer> {
        self.offers.get(manager)
    }
}
