//! What the monitor publishes: plain types to builders.

use super::{
    super::{
        super::{Coded, data, length, text},
        fields, schema as s,
    },
    write::{set_capabilities, set_data_list, set_processors, set_resource},
};
use crate::message::{
    BinderCount, ScalingManagerStatus, StateScheduler, StateTask, StateWorker, WorkerState, WorkerStatus,
};

pub(super) fn scheduler(mut builder: s::state_scheduler::Builder<'_>, value: &StateScheduler) -> Coded<()> {
    let mut binder = builder.reborrow().init_binder();
    set_counts(binder.reborrow().init_received(length(&value.binder.received)?), &value.binder.received)?;
    set_counts(binder.init_sent(length(&value.binder.sent)?), &value.binder.sent)?;
    set_resource(builder.reborrow().init_scheduler(), value.scheduler);
    builder.set_rss_free(value.rss_free);

    let mut clients = builder.reborrow().init_client_manager().init_clients(length(&value.clients)?);
    for (index, client) in (0..).zip(&value.clients) {
        let mut builder = clients.reborrow().get(index);
        builder.set_client_id(data(client.id.as_bytes())?);
        builder.set_tasks(client.tasks);
        fields::write_client(builder, client)?;
    }

    let mut objects = builder.reborrow().init_object_manager();
    objects.set_objects(value.objects.objects);
    fields::write_storage_status(objects, value.objects.storage);

    let mut tasks = builder.reborrow().init_task_manager().init_state_to_count(length(&value.tasks)?);
    for (index, pair) in (0..).zip(&value.tasks) {
        let mut builder = tasks.reborrow().get(index);
        builder.set_state(pair.state);
        builder.set_count(pair.count);
    }

    let mut workers = builder.reborrow().init_worker_manager().init_workers(length(&value.workers)?);
    for (index, worker) in (0..).zip(&value.workers) {
        worker_status(workers.reborrow().get(index), worker)?;
    }
    scaling(builder.init_scaling_manager(), &value.scaling)
}

fn set_counts(
    mut list: capnp::struct_list::Builder<'_, s::binder_status::pair::Owned>,
    values: &[BinderCount],
) -> Coded<()> {
    for (index, value) in (0..).zip(values) {
        let mut builder = list.reborrow().get(index);
        builder.set_client(text(&value.client)?);
        builder.set_number(value.number);
    }
    Ok(())
}

fn worker_status(mut builder: s::worker_status::Builder<'_>, value: &WorkerStatus) -> Coded<()> {
    builder.set_worker_id(data(value.id.as_bytes())?);
    set_resource(builder.reborrow().init_agent(), value.agent);
    builder.set_rss_free(value.rss_free);
    builder.set_free(value.free);
    builder.set_sent(value.sent);
    builder.set_queued(value.queued);
    builder.set_suspended(value.suspended);
    builder.set_lag_microseconds(value.lag_microseconds);
    builder.set_itl(text(&value.itl)?);
    set_processors(builder.reborrow().init_processors(length(&value.processors)?), &value.processors)?;
    fields::write_worker(builder, value)
}

fn scaling(mut builder: s::scaling_manager_status::Builder<'_>, value: &ScalingManagerStatus) -> Coded<()> {
    let mut pairs = builder.reborrow().init_managed_workers(length(&value.managed_workers)?);
    for (index, pair) in (0..).zip(&value.managed_workers) {
        let mut builder = pairs.reborrow().get(index);
        builder.set_manager_id(data(&pair.manager_id)?);
        let ids = pair.workers.iter().map(|id| id.as_bytes());
        set_data_list(builder.init_worker_ids(length(&pair.workers)?), ids)?;
    }
    let mut details = builder.init_details(length(&value.details)?);
    for (index, detail) in (0..).zip(&value.details) {
        let mut builder = details.reborrow().get(index);
        builder.set_manager_id(data(&detail.manager_id)?);
        builder.set_identity(text(&detail.identity)?);
        builder.set_max_task_concurrency(detail.max_task_concurrency);
        builder.set_capabilities(text(&detail.capabilities)?);
        builder.set_pending_workers(detail.pending_workers);
        fields::write_manager_last_seen(builder, detail.last_seen_seconds);
    }
    Ok(())
}

pub(super) fn worker(mut builder: s::state_worker::Builder<'_>, value: &StateWorker) -> Coded<()> {
    builder.set_worker_id(data(value.worker.as_bytes())?);
    builder.set_state(match value.state {
        WorkerState::Connected => s::WorkerState::Connected,
        WorkerState::Disconnected => s::WorkerState::Disconnected,
    });
    set_capabilities(builder.init_capabilities(length(&value.capabilities)?), &value.capabilities)
}

pub(super) fn task(mut builder: s::state_task::Builder<'_>, value: &StateTask) -> Coded<()> {
    builder.set_task_id(data(value.task.as_bytes())?);
    builder.set_function_name(data(&value.function_name)?);
    builder.set_state(fields::from_task_state(value.state)?);
    builder.set_worker(data(value.worker.as_bytes())?);
    set_capabilities(builder.reborrow().init_capabilities(length(&value.capabilities)?), &value.capabilities)?;
    builder.set_metadata(data(&value.metadata)?);
    fields::write_task(builder, value)
}
