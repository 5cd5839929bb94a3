//! Managers whose workers run in this process and hand their tasks on.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_core::{
    Provider, TaskExecutor,
    options::{OptionError, Origin, Values},
};
use scaler_wm_wire::ymq::ConnectOptions;
use tracing::{info, warn};

use crate::{backends::Order, exit::Failure, peers::backend};

const LIMIT: &str = "max_task_concurrency";

/// Agents over `executor`, whose ids begin with `kind`. Each has as many tasks out there at a time as the option `of_one`
/// says, or as many as the manager may have where that is less.
///
/// # Errors
/// When an option is wrong, or what an earlier process has left cannot be looked for.
pub(crate) async fn agents(
    order: &Order,
    kind: String,
    of_one: &'static str,
    executor: impl TaskExecutor + 'static,
) -> Result<Arc<dyn Provider>, Failure> {
    let values = &order.values;
    let Numbers { of_one: asked, queue } = Numbers::new(values, of_one)?;
    let concurrency = order.limit.cap(asked);
    if concurrency < asked {
        // Nobody has asked for the number of CPUs here, which says nothing about what runs elsewhere.
        match values.origin(LIMIT) {
            Origin::Default => warn!("{}", less(values, concurrency, of_one, asked)),
            _ => info!("{}", less(values, concurrency, of_one, asked)),
        }
    }
    let whole_seconds = |key| Duration::from_secs(values.integer(key).unsigned_abs());
    let scheduler =
        values.maybe_address("worker_scheduler_address").unwrap_or_else(|| values.address("scheduler_address"));
    let monitor = order.monitor.clone().or_else(|| scheduler.with_port_offset(2));
    let config = AgentConfig {
        storage: values.maybe_address("object_storage_address"),
        kind,
        capabilities: values.capabilities("per_worker_capabilities"),
        concurrency: NonZeroU32::new(concurrency).unwrap_or(NonZeroU32::MIN),
        queue_size: NonZeroU32::new(queue).unwrap_or(NonZeroU32::MIN),
        heartbeat_interval: whole_seconds("heartbeat_interval_seconds"),
        death_timeout: whole_seconds("death_timeout_seconds"),
        connect: ConnectOptions {
            backend: backend(monitor.as_ref())?,
            trust: order.trust.clone(),
            ..ConnectOptions::default()
        },
        object_cache_bytes: values.integer("object_cache_mib").unsigned_abs() << 20,
        pick_up_within: values.seconds("pick_up_seconds"),
        ..AgentConfig::new(scheduler, order.manager.clone())
    };
    let provider = AgentProvider::start(config, executor, Arc::clone(&order.journal)).await.map_err(Failure::setup)?;
    Ok(Arc::new(provider))
}

/// Numbers that may be larger than an agent knows.
struct Numbers {
    of_one: u32,
    queue: u32,
}

impl Numbers {
    fn new(values: &Values, of_one: &str) -> Result<Self, OptionError> {
        Ok(Self { of_one: values.fitting(of_one)?, queue: values.fitting("per_worker_task_queue_size")? })
    }
}

/// Checks what agents alone know of a manager's options.
///
/// # Errors
/// What a start would refuse.
pub(crate) fn check(values: &Values, of_one: &str) -> Result<(), OptionError> {
    Numbers::new(values, of_one).map(drop)
}

/// That fewer tasks run at once than one agent could have, by which option, and how there are more.
fn less(values: &Values, most: u32, of_one: &str, asked: u32) -> String {
    let flag = LIMIT.replace('_', "-");
    let why = match values.origin(LIMIT) {
        Origin::Default => ", which is the number of this host's CPUs where nobody gives it",
        _ => "",
    };
    format!(
        "no more than {most} tasks run at once, though {of_one} is {asked}: the smaller number counts, and {LIMIT} \
         (--{flag}) is {most}{why}; raise it, or give -1 for no limit"
    )
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::options::{Found, OptionSpec, resolve};
    use scaler_wm_options::SYMPHONY;

    use super::*;

    fn values(more: &[(&'static str, &str)]) -> Values {
        let given = [("scheduler_address", "tcp://h:1"), ("service_name", "s")];
        let found: Vec<Found> = given.iter().chain(more).map(|(key, text)| Found::behind_flag(key, text)).collect();
        let specs: Vec<&OptionSpec> = SYMPHONY.specs().collect();
        resolve(&specs, &found, |_| None, &[]).unwrap()
    }

    #[test]
    fn what_runs_fewer_tasks_than_it_might_names_the_flag() {
        let text = less(&values(&[]), 2, "max_concurrent_tasks", 100);
        for said in ["no more than 2 tasks", "max_concurrent_tasks is 100", "--max-task-concurrency", "CPUs", "-1"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let text = less(&values(&[("max_task_concurrency", "8")]), 8, "max_concurrent_tasks", 100);
        assert!(text.contains("(--max-task-concurrency) is 8; raise it"), "{text}");
    }
}
