//! `policy eval`: what each manager of a snapshot is asked for.

use std::num::NonZeroU32;

use scaler_wm_core::{
    Capabilities, Limit, ManagerId, Request, TaskId, WorkerId,
    policy::{Because, Change, Decision, Offer, Policy},
};
use serde::{Deserialize, Serialize};

use super::lines;

/// What a scheduler knows at one instant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    #[serde(default)]
    tasks: Vec<Tasks>,
    #[serde(default)]
    workers: Vec<Worker>,
    managers: Vec<Manager>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tasks {
    #[serde(default)]
    capabilities: Capabilities,
    #[serde(default = "one")]
    count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worker {
    id: String,
    manager: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manager {
    id: String,
    #[serde(default = "no_limit")]
    max_task_concurrency: i64,
    #[serde(default)]
    capabilities: Capabilities,
    #[serde(default = "one_worker")]
    workers_per_unit: NonZeroU32,
    #[serde(default)]
    is_failing: bool,
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

/// What is answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    decisions: Vec<Decided>,
}

#[derive(Debug, Serialize)]
struct Decided {
    manager: ManagerId,
    requests: Option<Vec<Request>>,
    because: Because,
}

impl From<Decision> for Decided {
    fn from(decision: Decision) -> Self {
        Self { requests: decision.requests(), manager: decision.manager, because: decision.because }
    }
}

/// Decides for every manager of one snapshot, in their order.
pub(super) fn eval(policy: &Policy, line: &[u8]) -> Result<Answer, String> {
    let Snapshot { tasks, workers, managers } = lines::read(line)?;
    let mut engine = policy.engine();
    for (index, Tasks { capabilities, count }) in tasks.into_iter().enumerate() {
        engine.apply(Change::TasksAdded { id: TaskId::from(&index.to_be_bytes()), capabilities, count });
    }
    for Worker { id, manager } in workers {
        let before = engine.facts().workers();
        engine.apply(Change::WorkerConnected { worker: WorkerId::from(&id), manager: manager.map(ManagerId::from) });
        if engine.facts().workers() == before {
            return Err(format!("worker {id} is there twice"));
        }
    }
    let mut ids = Vec::new();
    for Manager { id, max_task_concurrency, capabilities, workers_per_unit, is_failing } in managers {
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
    Ok(Answer { decisions: ids.iter().filter_map(|id| engine.decide(id)).map(Decided::from).collect() })
}
