//! The policy engine as a service.

use std::num::NonZeroU32;

use scaler_wm_core::{
    Capabilities,
    policy::{Decision, ENGINE_TYPES, Policy, Snapshot, SnapshotManager, SnapshotTasks, SnapshotWorker},
};
use tonic::{Request, Response, Status};

use crate::v1::{self, policy_engine_server::PolicyEngine};

/// Serves [`PolicyEngine`].
pub(crate) struct Policies;

#[tonic::async_trait]
impl PolicyEngine for Policies {
    async fn evaluate(&self, request: Request<v1::EvaluateRequest>) -> Result<Response<v1::EvaluateResponse>, Status> {
        let v1::EvaluateRequest { engine_type, content, tasks, workers, managers } = request.into_inner();
        let engine_type = if engine_type.is_empty() { ENGINE_TYPES[0] } else { &engine_type };
        let policy = Policy::new(engine_type, &content)
            .map_err(|error| Status::invalid_argument(format!("content: {error}")))?;
        let snapshot = Snapshot {
            tasks: tasks.into_iter().map(of_tasks).collect::<Result<_, _>>()?,
            workers: workers.into_iter().map(of_worker).collect(),
            managers: managers.into_iter().map(of_manager).collect::<Result<_, _>>()?,
        };
        let decisions = snapshot.decide(&policy).map_err(Status::invalid_argument)?;
        Ok(Response::new(v1::EvaluateResponse { decisions: decisions.iter().map(decision).collect() }))
    }
}

fn capabilities(whose: &str, given: Vec<v1::Capability>) -> Result<Capabilities, Status> {
    if given.iter().any(|capability| capability.name.is_empty()) {
        return Err(Status::invalid_argument(format!("a capability of {whose} has no name")));
    }
    Ok(given.into_iter().map(|capability| (capability.name, capability.value.unwrap_or(-1))).collect())
}

fn of_tasks(tasks: v1::Tasks) -> Result<SnapshotTasks, Status> {
    Ok(SnapshotTasks { capabilities: capabilities("tasks", tasks.capabilities)?, count: tasks.count.unwrap_or(1) })
}

fn of_worker(worker: v1::Worker) -> SnapshotWorker {
    SnapshotWorker { id: worker.id, manager: (!worker.manager.is_empty()).then_some(worker.manager) }
}

fn of_manager(manager: v1::Manager) -> Result<SnapshotManager, Status> {
    let v1::Manager { id, max_task_concurrency, capabilities: given, workers_per_unit, is_failing } = manager;
    let workers_per_unit = NonZeroU32::new(workers_per_unit.unwrap_or(1))
        .ok_or_else(|| Status::invalid_argument(format!("workers_per_unit of manager {id} is 0: give 1 or more")))?;
    Ok(SnapshotManager {
        max_task_concurrency: max_task_concurrency.unwrap_or(-1),
        capabilities: capabilities(&format!("manager {id}"), given)?,
        id,
        workers_per_unit,
        is_failing,
    })
}

fn decision(decision: &Decision) -> v1::ManagerDecision {
    let requests = decision.requests();
    let request = |request: scaler_wm_core::Request| v1::Request {
        task_concurrency: request.task_concurrency,
        capabilities: request
            .capabilities
            .iter()
            .map(|(name, value)| v1::Capability { name: name.to_owned(), value: Some(value) })
            .collect(),
    };
    v1::ManagerDecision {
        manager: decision.manager.to_string(),
        gets_command: requests.is_some(),
        requests: requests.unwrap_or_default().into_iter().map(request).collect(),
        summary: decision.because.to_string(),
        because_json: serde_json::to_string(&decision.because).unwrap_or_default(),
    }
}
