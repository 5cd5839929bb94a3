//! What only version 2 has.

use super::{
    super::{Coded, Fail, data, length, text},
    schema::{self as s, message::Which},
    shared::{read::resource, write::set_resource},
};
use crate::message::{
    ClientStatus, Message, ProcessorStatus, StateTask, StorageStatus, TaskState, WorkerHeartbeat, WorkerStatus,
};

pub(super) fn read_rest(which: s::message::WhichReader<'_>) -> Coded<Message> {
    let ordinal = match which {
        Which::WorkerDisconnectNotification(reader) => {
            return Ok(reader.map(|_| Message::WorkerDisconnectNotification)?);
        }
        Which::GraphTask(_) => 5,
        Which::ClientHeartbeat(_) => 7,
        Which::ClientHeartbeatEcho(_) => 8,
        Which::StateClient(_) => 11,
        Which::StateObject(_) => 12,
        Which::StateBalanceAdvice(_) => 13,
        Which::StateGraphTask(_) => 17,
        Which::ClientShutdownResponse(_) => 19,
        Which::ProcessorInitialized(_) => 20,
        Which::InformationRequest(_) => 21,
        Which::InformationResponse(_) => 22,
        // The rest has a type of its own and was taken before.
        _ => return Err(Fail::Unrepresentable("a message without a type")),
    };
    Ok(Message::Other { ordinal })
}

pub(super) fn write_rest(root: s::message::Builder<'_>, message: &Message) -> Coded<()> {
    if *message != Message::WorkerDisconnectNotification {
        return Err(Fail::Unrepresentable("version 2 has no such message"));
    }
    root.init_worker_disconnect_notification();
    Ok(())
}

pub(super) fn task_state(state: s::TaskState) -> TaskState {
    match state {
        s::TaskState::Inactive => TaskState::Inactive,
        s::TaskState::Running => TaskState::Running,
        s::TaskState::Canceling => TaskState::Canceling,
        s::TaskState::BalanceCanceling => TaskState::BalanceCanceling,
        s::TaskState::Success => TaskState::Success,
        s::TaskState::Failed => TaskState::Failed,
        s::TaskState::WorkerDied => TaskState::WorkerDied,
        s::TaskState::Canceled => TaskState::Canceled,
        s::TaskState::CanceledNotFound => TaskState::CanceledNotFound,
    }
}

pub(super) fn from_task_state(state: TaskState) -> Coded<s::TaskState> {
    Ok(match state {
        TaskState::Inactive => s::TaskState::Inactive,
        TaskState::Running => s::TaskState::Running,
        TaskState::Canceling => s::TaskState::Canceling,
        TaskState::BalanceCanceling => s::TaskState::BalanceCanceling,
        TaskState::Success => s::TaskState::Success,
        TaskState::Failed => s::TaskState::Failed,
        TaskState::WorkerDied => s::TaskState::WorkerDied,
        TaskState::Canceled => s::TaskState::Canceled,
        TaskState::CanceledNotFound => s::TaskState::CanceledNotFound,
        TaskState::BalanceCanceled | TaskState::WorkerDisconnecting => {
            return Err(Fail::Unrepresentable("version 2 has no such task state"));
        }
    })
}

pub(super) fn read_worker(reader: s::worker_status::Reader<'_>, status: &mut WorkerStatus) -> Coded<()> {
    status.last_seen_seconds = reader.get_last_seen_seconds();
    status.mem_limit = reader.get_mem_limit();
    status.hostname = reader.get_hostname()?.to_str()?.to_owned();
    status.net_sent_bytes = reader.get_net_sent_bytes();
    status.net_received_bytes = reader.get_net_received_bytes();
    Ok(())
}

pub(super) fn write_worker(mut builder: s::worker_status::Builder<'_>, status: &WorkerStatus) -> Coded<()> {
    builder.set_last_seen_seconds(status.last_seen_seconds);
    builder.set_mem_limit(status.mem_limit);
    builder.set_hostname(text(&status.hostname)?);
    builder.set_net_sent_bytes(status.net_sent_bytes);
    builder.set_net_received_bytes(status.net_received_bytes);
    Ok(())
}

pub(super) fn manager_last_seen(reader: s::scaling_manager_status::detail::Reader<'_>) -> u16 {
    reader.get_last_seen_seconds()
}

pub(super) fn write_manager_last_seen(mut builder: s::scaling_manager_status::detail::Builder<'_>, value: u16) {
    builder.set_last_seen_seconds(value);
}

pub(super) fn object_sizes(reader: s::object_metadata::Reader<'_>) -> Coded<Vec<u64>> {
    Ok(reader.get_object_sizes()?.iter().collect())
}

pub(super) fn write_object_sizes(builder: s::object_metadata::Builder<'_>, sizes: &[u64]) -> Coded<()> {
    let mut list = builder.init_object_sizes(length(sizes)?);
    for (index, size) in (0..).zip(sizes) {
        list.set(index, *size);
    }
    Ok(())
}

pub(super) fn storage_status(reader: s::object_manager_status::Reader<'_>) -> Coded<StorageStatus> {
    let reader = reader.get_storage()?;
    Ok(StorageStatus {
        ids: reader.get_ids(),
        payloads: reader.get_payloads(),
        bytes: reader.get_bytes(),
        pending_requests: reader.get_pending_requests(),
        pending_objects: reader.get_pending_objects(),
        oldest_pending_seconds: reader.get_oldest_pending_seconds(),
    })
}

pub(super) fn write_storage_status(builder: s::object_manager_status::Builder<'_>, status: StorageStatus) {
    let mut builder = builder.init_storage();
    builder.set_ids(status.ids);
    builder.set_payloads(status.payloads);
    builder.set_bytes(status.bytes);
    builder.set_pending_requests(status.pending_requests);
    builder.set_pending_objects(status.pending_objects);
    builder.set_oldest_pending_seconds(status.oldest_pending_seconds);
}

pub(super) fn read_heartbeat(reader: s::worker_heartbeat::Reader<'_>, heartbeat: &mut WorkerHeartbeat) -> Coded<()> {
    heartbeat.mem_limit = reader.get_mem_limit();
    heartbeat.hostname = reader.get_hostname()?.to_str()?.to_owned();
    heartbeat.net_sent_bytes = reader.get_net_sent_bytes();
    heartbeat.net_received_bytes = reader.get_net_received_bytes();
    Ok(())
}

pub(super) fn write_heartbeat(mut builder: s::worker_heartbeat::Builder<'_>, value: &WorkerHeartbeat) -> Coded<()> {
    builder.set_mem_limit(value.mem_limit);
    builder.set_hostname(text(&value.hostname)?);
    builder.set_net_sent_bytes(value.net_sent_bytes);
    builder.set_net_received_bytes(value.net_received_bytes);
    Ok(())
}

pub(super) fn read_processor(reader: s::processor_status::Reader<'_>, status: &mut ProcessorStatus) -> Coded<()> {
    status.current_task = reader.get_current_task_id()?.into();
    status.task_age_seconds = reader.get_task_age_seconds();
    Ok(())
}

pub(super) fn write_processor(mut builder: s::processor_status::Builder<'_>, status: &ProcessorStatus) -> Coded<()> {
    builder.set_current_task_id(data(status.current_task.as_bytes())?);
    builder.set_task_age_seconds(status.task_age_seconds);
    Ok(())
}

pub(super) fn read_client(
    reader: s::client_manager_status::client_status::Reader<'_>,
    status: &mut ClientStatus,
) -> Coded<()> {
    status.resource = resource(reader.get_resource()?);
    status.latency_microseconds = reader.get_latency_microseconds();
    status.last_seen_seconds = reader.get_last_seen_seconds();
    status.connected_seconds = reader.get_connected_seconds();
    status.hostname = reader.get_hostname()?.to_str()?.to_owned();
    Ok(())
}

pub(super) fn write_client(
    mut builder: s::client_manager_status::client_status::Builder<'_>,
    status: &ClientStatus,
) -> Coded<()> {
    set_resource(builder.reborrow().init_resource(), status.resource);
    builder.set_latency_microseconds(status.latency_microseconds);
    builder.set_last_seen_seconds(status.last_seen_seconds);
    builder.set_connected_seconds(status.connected_seconds);
    builder.set_hostname(text(&status.hostname)?);
    Ok(())
}

pub(super) fn read_task(reader: s::state_task::Reader<'_>, task: &mut StateTask) -> Coded<()> {
    task.object_bytes = reader.get_object_bytes();
    task.client = reader.get_client()?.into();
    task.event = reader.get_event()?.to_str()?.to_owned();
    Ok(())
}

pub(super) fn write_task(mut builder: s::state_task::Builder<'_>, task: &StateTask) -> Coded<()> {
    builder.set_object_bytes(task.object_bytes);
    builder.set_client(data(task.client.as_bytes())?);
    builder.set_event(text(&task.event)?);
    Ok(())
}
