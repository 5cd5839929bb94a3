//! What the server says of requests and machines.

use std::sync::Arc;

use scaler_wm_core::{Exit, ExitCause, LaunchId, Tier, Timestamp, Unit, UnitId, UnitState, WorkerMatch};
use serde::Deserialize;

use crate::launch::PREFIX;

/// One machine, as lists and statuses have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Machine {
    pub(super) machine_id: String,
    pub(super) status: String,
    pub(super) request_id: Option<String>,
    pub(super) return_request_id: Option<String>,
    status_reason: Option<String>,
    message: Option<String>,
}

/// One request, for machines or for their return.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    pub(super) status: String,
    machine_ids: Vec<String>,
    machines: Vec<Machine>,
    pub(super) message: Option<String>,
}

impl Request {
    /// Whether nothing more will come of it: the server never asks the cloud about it again.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "complete" | "partial" | "failed" | "cancelled" | "timeout")
    }

    pub(super) fn is_complete(&self) -> bool {
        self.status == "complete"
    }

    /// Its machines; of some, only the name may be known yet.
    pub(super) fn machines(&self) -> Vec<Machine> {
        let mut machines = self.machines.clone();
        machines.retain(|machine| !machine.machine_id.is_empty());
        for id in &self.machine_ids {
            if !id.is_empty() && !machines.iter().any(|machine| machine.machine_id == *id) {
                machines.push(Machine::called(id));
            }
        }
        machines
    }
}

impl Machine {
    /// One of which only the name is known.
    pub(super) fn called(id: &str) -> Self {
        Self { machine_id: id.to_owned(), ..Self::default() }
    }

    pub(super) fn id(&self) -> UnitId {
        UnitId::from(self.machine_id.as_str())
    }

    /// The state that it is in; `None` where the server does not know.
    pub(super) fn state(&self) -> Option<UnitState> {
        Some(match self.status.as_str() {
            "pending" | "launching" => UnitState::Starting,
            "running" => UnitState::Running,
            "stopping" | "stopped" | "shutting-down" => UnitState::Stopping,
            "terminated" => UnitState::Gone(self.exit(ExitCause::Lost(self.why("it was terminated")), true)),
            "returned" => UnitState::Gone(self.exit(ExitCause::Lost(self.why("it was returned")), false)),
            "failed" => UnitState::Gone(self.exit(ExitCause::NeverStarted(self.why("the server says no more")), false)),
            _ => return None,
        })
    }

    fn exit(&self, cause: ExitCause, sure: bool) -> Exit {
        Exit { cause, asked: self.return_request_id.is_some(), sure }
    }

    fn why(&self, otherwise: &str) -> String {
        let said = self.status_reason.as_deref().into_iter().chain(self.message.as_deref());
        said.map(str::trim).find(|said| !said.is_empty()).unwrap_or(otherwise).to_owned()
    }

    /// Whether it is there, costs, and no worker runs in it: somebody has stopped it.
    pub(super) fn is_stopped(&self) -> bool {
        self.status == "stopped"
    }
}

/// The unit that a machine is.
pub(super) fn unit(id: UnitId, launch: Option<LaunchId>, state: UnitState, since: Timestamp) -> Arc<Unit> {
    let workers = WorkerMatch::part(&format!("{PREFIX}-{id}"));
    Arc::new(Unit { id, launch, state, since, tier: Tier::default(), workers, notice: None })
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::WorkerId;

    use super::*;

    fn machine(status: &str) -> Machine {
        Machine { machine_id: "i-1".to_owned(), status: status.to_owned(), ..Machine::default() }
    }

    #[test]
    fn only_a_terminated_machine_is_surely_dead() {
        for (status, sure) in [("terminated", Some(true)), ("returned", Some(false)), ("failed", Some(false))] {
            let Some(UnitState::Gone(exit)) = machine(status).state() else { panic!("{status}") };
            assert_eq!((Some(exit.sure), exit.asked), (sure, false));
        }
        for status in ["pending", "launching", "running", "stopping", "stopped", "shutting-down"] {
            assert!(!matches!(machine(status).state(), None | Some(UnitState::Gone(_))), "{status}");
        }
        assert_eq!(machine("unknown").state(), None);
    }

    #[test]
    fn workers_are_known_by_the_name_of_their_machine() {
        let unit = unit(UnitId::from("i-1"), None, UnitState::Running, Timestamp::default());
        assert!(unit.workers.has(&WorkerId::from("Worker|ORB-i-1|0|4f2a")));
        assert!(!unit.workers.has(&WorkerId::from("Worker|ORB-i-10|0|4f2a")));
    }

    #[test]
    fn a_partial_request_is_final_and_machines_may_have_a_name_only() {
        let text = r#"{"status": "partial", "machine_ids": ["i-1", "i-2"], "requested_count": 3,
            "machines": [{"machine_id": "i-1", "status": "running", "cloud_host_id": null}]}"#;
        let request: Request = serde_json::from_str(text).unwrap();
        assert!(request.is_final() && !request.is_complete());
        let names: Vec<String> = request.machines().into_iter().map(|machine| machine.machine_id).collect();
        assert_eq!(names, ["i-1", "i-2"]);
        for status in ["pending", "in_progress", "acquiring", "partial_pending", ""] {
            assert!(!Request { status: status.to_owned(), ..Request::default() }.is_final(), "{status}");
        }
    }
}
