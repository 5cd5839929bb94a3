//! Whether the policy that decides ever asks a manager for something.

use scaler_wm_core::{
    Capabilities, Check, Limit, TaskId,
    policy::{Change, Offer, Policy},
};

use crate::config::{ManagerConfig, Part, StackConfig};
use scaler_wm_options::fixed_concurrency;

const NAME: &str = "policy";
/// More than any manager's first step.
const MANY: u32 = 1000;

/// The policy of the file's own scheduler, for the managers of ours that follow it. `None` without a scheduler, or
/// without such managers.
pub(super) fn of_scheduler(config: &StackConfig) -> Option<Check> {
    let values = config.parts.iter().find_map(|part| match part {
        Part::Python(part) if part.section.name == "scheduler" => Some(&part.values),
        _ => None,
    })?;
    let follows = |manager: &&ManagerConfig| manager.followed.is_none() && fixed_concurrency(&manager.values).is_none();
    let managers: Vec<&ManagerConfig> = config.managers().filter(follows).collect();
    if managers.is_empty() {
        return None;
    }
    let engine_type = values.text("policy_engine_type");
    let content = values.maybe_text("policy_content").unwrap_or_default();
    Some(match Policy::new(&engine_type, &content) {
        Ok(policy) => judged(&policy, &managers),
        Err(error) => {
            Check::bad(NAME, format!("policy_content: {error}"), "mend it; `scaler-wm policy check` tries it")
        }
    })
}

/// The policy that a manager follows by itself.
pub(super) fn of_manager(config: &ManagerConfig) -> Option<Check> {
    let followed = config.followed.as_ref()?;
    Some(judged(followed.policy(), &[config]))
}

fn judged(policy: &Policy, managers: &[&ManagerConfig]) -> Check {
    let unasked: Vec<&str> =
        managers.iter().filter(|manager| !asks(policy, manager)).map(|manager| manager.manager.as_str()).collect();
    let shown = format!("engine {}, scaling {}", policy.engine_type(), policy.scaling());
    if !unasked.is_empty() {
        let found = format!("{shown}: however many tasks wait, it asks {} for nothing", unasked.join(", "));
        let todo = match policy.scaling() {
            "no" => "so nothing is ever started; write policy_content = \"allocate=even_load; scaling=vanilla\"",
            _ => "so nothing is ever started; give it a rule in policy_content, or leave the manager out",
        };
        return Check::doubtful(NAME, found, todo);
    }
    match policy.notes().first() {
        Some(note) => Check::doubtful(NAME, format!("{shown}: {note}"), "mend policy_content unless it is meant"),
        None => Check::good(NAME, shown),
    }
}

/// Whether it asks a manager that is there alone for something, when many tasks wait.
fn asks(policy: &Policy, config: &ManagerConfig) -> bool {
    let mut engine = policy.engine();
    // As its heartbeats have it: a policy takes -1 for none at all.
    let limit = Limit::AtMost(config.limit.cap(u32::MAX));
    let offer = Offer::new(limit, config.values.capabilities("per_worker_capabilities"));
    engine.apply(Change::ManagerHeartbeat { manager: config.manager.clone(), offer });
    let id = TaskId::from(&b"preflight"[..]);
    engine.apply(Change::TasksAdded { id, capabilities: Capabilities::default(), count: MANY });
    let requests = engine.decide(&config.manager).and_then(|decision| decision.requests());
    requests.is_some_and(|requests| requests.iter().any(|request| request.task_concurrency > 0))
}
