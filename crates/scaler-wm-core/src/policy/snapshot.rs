//! What a scheduler knows at one instant, decided upon without anything being remembered.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::{Change, Decision, Offer, Policy};
use crate::{Capabilities, Limit, ManagerId, TaskId, WorkerId};

/// What a scheduler knows at one instant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its tasks, the oldest first.
    #[serde(default)]
    pub tasks: Vec<SnapshotTasks>,
    /// The workers that are connected.
    #[serde(default)]
    pub workers: Vec<SnapshotWorker>,
    /// The managers that are connected.
    pub managers: Vec<SnapshotManager>,
}

/// Tasks that need the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotTasks {
    /// What they need.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// How many there are.
    #[serde(default = "one")]
    pub count: u32,
}

/// A worker that is connected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotWorker {
    /// Its id.
    pub id: String,
    /// Whose it is, if it is anybody's.
    pub manager: Option<String>,
}

/// A manager that is connected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotManager {
    /// Its name.
    pub id: String,
    /// Its limit; -1 for none.
    #[serde(default = "no_limit")]
    pub max_task_concurrency: i64,
    /// What its workers can do.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Workers in one unit of it.
    #[serde(default = "one_worker")]
    pub workers_per_unit: NonZeroU32,
    /// Whether it fails to bring what is asked of it.
    #[serde(default)]
    pub is_failing: bool,
}

const fn one_worker() -> NonZeroU32 {
    NonZeroU32::MIN
}

const fn one() -> u32 {
    1
}

const fn no_limit() -> i64 {
    -1
}

impl Snapshot {
    /// Decides for every manager, in their order.
    ///
    /// # Errors
    /// In words: a worker or manager is there twice, or a limit is no number of tasks.
    pub fn decide(self, policy: &Policy) -> Result<Vec<Decision>, String> {
        let Self { tasks, workers, managers } = self;
        let mut engine = policy.engine();
        for (index, SnapshotTasks { capabilities, count }) in tasks.into_iter().enumerate() {
            engine.apply(Change::TasksAdded { id: TaskId::from(&index.to_be_bytes()), capabilities, count });
        }
        for SnapshotWorker { id, manager } in workers {
            let before = engine.facts().workers();
            let worker = WorkerId::from(&id);
            engine.apply(Change::WorkerConnected { worker, manager: manager.map(ManagerId::from) });
            if engine.facts().workers() == before {
                return Err(format!("worker {id} is there twice"));
            }
        }
        let mut ids = Vec::new();
        for SnapshotManager { id, max_task_concurrency, capabilities, workers_per_unit, is_failing } in managers {
            let manager = ManagerId::from(id);
            let max_task_concurrency = match max_task_concurrency {
                -1 => Limit::Unlimited,
                number => Limit::AtMost(u32::try_from(number).map_err(|_| {
                    format!("max_task_concurrency of manager {manager} is {number}: give -1, or 0 to {}", u32::MAX)
                })?),
            };
            if engine.facts().offer(&manager).is_some() {
                return Err(format!("manager {manager} is there twice"));
            }
            let offer = Offer { max_task_concurrency, capabilities, workers_per_unit };
            engine.apply(Change::Delivery { manager: manager.clone(), is_failing });
            engine.apply(Change::ManagerHeartbeat { manager: manager.clone(), offer });
            ids.push(manager);
        }
        Ok(ids.iter().filter_map(|id| engine.decide(id)).collect())
    }
}
