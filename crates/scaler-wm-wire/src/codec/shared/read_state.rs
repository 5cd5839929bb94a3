//! What the monitor publishes: readers to plain types.

use super::{
    super::{
        super::{Coded, Room},
        fields, schema as s,
    },
    read::{bytes, capabilities, data_list, processors, resource, string, worker_id},
};
use crate::message::{
    BinderCount, BinderStatus, ClientStatus, ManagedWorkers, ManagerDetail, ObjectManagerStatus, ScalingManagerStatus,
    StateScheduler, StateTask, StateWorker, TaskCount, WorkerState, WorkerStatus,
};

pub(super) fn scheduler(reader: s::state_scheduler::Reader<'_>, room: &Room) -> Coded<StateScheduler> {
    let binder = reader.get_binder()?;
    let objects = reader.get_object_manager()?;
    let client = |reader: s::client_manager_status::client_status::Reader<'_>| -> Coded<ClientStatus> {
        let mut status =
            ClientStatus { id: reader.get_client_id()?.into(), tasks: reader.get_tasks(), ..ClientStatus::default() };
        fields::read_client(reader, &mut status)?;
        Ok(status)
    };
    let (clients, tasks) =
        (reader.get_client_manager()?.get_clients()?, reader.get_task_manager()?.get_state_to_count()?);
    let workers = reader.get_worker_manager()?.get_workers()?;
    room.list::<ClientStatus>(clients.len())?;
    room.list::<TaskCount>(tasks.len())?;
    room.list::<WorkerStatus>(workers.len())?;
    Ok(StateScheduler {
        binder: BinderStatus {
            received: binder_counts(binder.get_received()?, room)?,
            sent: binder_counts(binder.get_sent()?, room)?,
        },
        scheduler: resource(reader.get_scheduler()?),
        rss_free: reader.get_rss_free(),
        clients: clients.iter().map(client).collect::<Coded<_>>()?,
        objects: ObjectManagerStatus { objects: objects.get_objects(), storage: fields::storage_status(objects)? },
        tasks: tasks.iter().map(|pair| TaskCount { state: pair.get_state(), count: pair.get_count() }).collect(),
        workers: workers.iter().map(|worker| worker_status(worker, room)).collect::<Coded<_>>()?,
        scaling: scaling(reader.get_scaling_manager()?, room)?,
    })
}

fn binder_counts(
    list: capnp::struct_list::Reader<'_, s::binder_status::pair::Owned>,
    room: &Room,
) -> Coded<Vec<BinderCount>> {
    room.list::<BinderCount>(list.len())?;
    list.iter().map(|pair| Ok(BinderCount { client: string(pair.get_client()?)?, number: pair.get_number() })).collect()
}

fn worker_status(reader: s::worker_status::Reader<'_>, room: &Room) -> Coded<WorkerStatus> {
    let mut status = WorkerStatus {
        agent: resource(reader.get_agent()?),
        rss_free: reader.get_rss_free(),
        free: reader.get_free(),
        sent: reader.get_sent(),
        queued: reader.get_queued(),
        suspended: reader.get_suspended(),
        lag_microseconds: reader.get_lag_microseconds(),
        itl: string(reader.get_itl()?)?,
        processors: processors(reader.get_processors()?, room)?,
        ..WorkerStatus::new(worker_id(reader.get_worker_id()?))
    };
    fields::read_worker(reader, &mut status)?;
    Ok(status)
}

fn scaling(reader: s::scaling_manager_status::Reader<'_>, room: &Room) -> Coded<ScalingManagerStatus> {
    let pair = |reader: s::scaling_manager_status::pair::Reader<'_>| -> Coded<ManagedWorkers> {
        let workers = data_list(reader.get_worker_ids()?, room)?;
        Ok(ManagedWorkers { manager_id: bytes(reader.get_manager_id()?), workers })
    };
    let detail = |reader: s::scaling_manager_status::detail::Reader<'_>| -> Coded<ManagerDetail> {
        Ok(ManagerDetail {
            manager_id: bytes(reader.get_manager_id()?),
            identity: string(reader.get_identity()?)?,
            last_seen_seconds: fields::manager_last_seen(reader),
            max_task_concurrency: reader.get_max_task_concurrency(),
            capabilities: string(reader.get_capabilities()?)?,
            pending_workers: reader.get_pending_workers(),
        })
    };
    let (managed, details) = (reader.get_managed_workers()?, reader.get_details()?);
    room.list::<ManagedWorkers>(managed.len())?;
    room.list::<ManagerDetail>(details.len())?;
    Ok(ScalingManagerStatus {
        managed_workers: managed.iter().map(pair).collect::<Coded<_>>()?,
        details: details.iter().map(detail).collect::<Coded<_>>()?,
    })
}

pub(super) fn worker(reader: s::state_worker::Reader<'_>, room: &Room) -> Coded<StateWorker> {
    let state = match reader.get_state()? {
        s::WorkerState::Connected => WorkerState::Connected,
        s::WorkerState::Disconnected => WorkerState::Disconnected,
    };
    let capabilities = capabilities(reader.get_capabilities()?, room)?;
    Ok(StateWorker { worker: worker_id(reader.get_worker_id()?), state, capabilities })
}

pub(super) fn task(reader: s::state_task::Reader<'_>, room: &Room) -> Coded<StateTask> {
    let mut task = StateTask {
        function_name: bytes(reader.get_function_name()?),
        worker: worker_id(reader.get_worker()?),
        capabilities: capabilities(reader.get_capabilities()?, room)?,
        metadata: bytes(reader.get_metadata()?),
        ..StateTask::new(reader.get_task_id()?.into(), fields::task_state(reader.get_state()?))
    };
    fields::read_task(reader, &mut task)?;
    Ok(task)
}
