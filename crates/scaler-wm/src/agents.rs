//! Managers whose workers run in this process and hand their tasks on.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_core::{Limit, Provider, TaskExecutor};
use scaler_wm_wire::ymq::ConnectOptions;

use crate::{backends::Order, exit::Failure, peers::backend};

/// Agents over `executor`, whose ids begin with `kind`. Each has so many tasks out there at a time, or as many as the
/// manager may have where that is less.
///
/// # Errors
/// When an option is wrong, or what an earlier process has left cannot be looked for.
pub(crate) async fn agents(
    order: &Order,
    kind: String,
    concurrency: u32,
    executor: impl TaskExecutor + 'static,
) -> Result<Arc<dyn Provider>, Failure> {
    let values = &order.values;
    let most = match order.limit {
        Limit::AtMost(most) => most,
        Limit::Unlimited => concurrency,
    };
    let whole_seconds = |key| Duration::from_secs(values.integer(key).unsigned_abs());
    let scheduler =
        values.maybe_address("worker_scheduler_address").unwrap_or_else(|| values.address("scheduler_address"));
    let monitor = order.monitor.clone().or_else(|| scheduler.with_port_offset(2));
    let config = AgentConfig {
        storage: values.maybe_address("object_storage_address"),
        kind,
        capabilities: values.capabilities("per_worker_capabilities"),
        concurrency: NonZeroU32::new(concurrency.min(most)).unwrap_or(NonZeroU32::MIN),
        queue_size: NonZeroU32::new(values.fitting("per_worker_task_queue_size")?).unwrap_or(NonZeroU32::MIN),
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
