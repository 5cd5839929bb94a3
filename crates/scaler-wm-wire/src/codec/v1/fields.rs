//! What only version 1 has, and where it has less: fields that came later read as nothing and are not written.

use super::{
    super::{Coded, Fail, data},
    schema::{self as s, message::Which},
    shared::read::worker_id,
};
use crate::message::{
    ClientStatus, DisconnectRequest, DisconnectResponse, Message, ProcessorStatus, StateTask, StorageStatus, TaskState,
    WorkerHeartbeat, WorkerStatus,
};

pub(super) fn read_rest(which: s::message::WhichReader<'_>) -> Coded<Message> {
    let ordinal = match which {
        Which::DisconnectRequest(reader) => {
            return Ok(Message::DisconnectRequest(DisconnectRequest { worker: worker_id(reader?.get_worker()?) }));
        }
        Which::DisconnectResponse(reader) => {
            return Ok(Message::DisconnectResponse(DisconnectResponse { worker: worker_id(reader?.get_worker()?) }));
        }
        Which::GraphTask(_) => 5,
        Which::ClientHeartbeat(_) => 7,
        Which::ClientHeartbeatEcho(_) => 8,
        Which::StateClient(_) => 13,
        Which::StateObject(_) => 14,
        Which::StateBalanceAdvice(_) => 15,
        Which::StateGraphTask(_) => 19,
        Which::ClientShutdownResponse(_) => 21,
        Which::ProcessorInitialized(_) => 22,
        Which::InformationRequest(_) => 23,
        Which::InformationResponse(_) => 24,
        // The rest has a type of its own and was taken before.
        _ => return Err(Fail::Unrepresentable("a message without a type")),
    };
    Ok(Message::Other { ordinal })
}

pub(super) fn write_rest(root: s::message::Builder<'_>, message: &Message) -> Coded<()> {
    match message {
        Message::DisconnectRequest(value) => {
            root.init_disconnect_request().set_worker(data(value.worker.as_bytes())?);
        }
        Message::DisconnectResponse(value) => {
            root.init_disconnect_response().set_worker(data(value.worker.as_bytes())?);
        }
        _ => return Err(Fail::Unrepresentable("version 1 has no such message")),
    }
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
        s::TaskState::BalanceCanceled => TaskState::BalanceCanceled,
        s::TaskState::WorkerDisconnecting => TaskState::WorkerDisconnecting,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "version 2 lacks two of them")]
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
        TaskState::BalanceCanceled => s::TaskState::BalanceCanceled,
        TaskState::WorkerDisconnecting => s::TaskState::WorkerDisconnecting,
    })
}

/// A byte holds the seconds here; the releases saturate too.
fn seconds(value: u16) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

pub(super) fn read_worker(reader: s::worker_status::Reader<'_>, status: &mut WorkerStatus) -> Coded<()> {
    status.last_seen_seconds = reader.get_last_seen_seconds().into();
    Ok(())
}

pub(super) fn write_worker(mut builder: s::worker_status::Builder<'_>, status: &WorkerStatus) -> Coded<()> {
    builder.set_last_seen_seconds(seconds(status.last_seen_seconds));
    Ok(())
}

pub(super) fn manager_last_seen(reader: s::scaling_manager_status::detail::Reader<'_>) -> u16 {
    reader.get_last_seen_seconds().into()
}

pub(super) fn write_manager_last_seen(mut builder: s::scaling_manager_status::detail::Builder<'_>, value: u16) {
    builder.set_last_seen_seconds(seconds(value));
}

pub(super) fn object_sizes(_: s::object_metadata::Reader<'_>) -> Coded<Vec<u64>> {
    Ok(Vec::new())
}

pub(super) fn write_object_sizes(_: s::object_metadata::Builder<'_>, _: &[u64]) -> Coded<()> {
    Ok(())
}

pub(super) fn storage_status(_: s::object_manager_status::Reader<'_>) -> Coded<StorageStatus> {
    Ok(StorageStatus::default())
}

pub(super) fn write_storage_status(_: s::object_manager_status::Builder<'_>, _: StorageStatus) {}

pub(super) fn read_heartbeat(_: s::worker_heartbeat::Reader<'_>, _: &mut WorkerHeartbeat) -> Coded<()> {
    Ok(())
}

pub(super) fn write_heartbeat(_: s::worker_heartbeat::Builder<'_>, _: &WorkerHeartbeat) -> Coded<()> {
    Ok(())
}

pub(super) fn read_processor(_: s::processor_status::Reader<'_>, _: &mut ProcessorStatus) -> Coded<()> {
    Ok(())
}

pub(super) fn write_processor(_: s::processor_status::Builder<'_>, _: &ProcessorStatus) -> Coded<()> {
    Ok(())
}

pub(super) fn read_client(_: s::client_manager_status::client_status::Reader<'_>, _: &mut ClientStatus) -> Coded<()> {
    Ok(())
}

pub(super) fn write_client(_: s::client_manager_status::client_status::Builder<'_>, _: &ClientStatus) -> Coded<()> {
    Ok(())
}

pub(super) fn read_task(_: s::state_task::Reader<'_>, _: &mut StateTask) -> Coded<()> {
    Ok(())
}

pub(super) fn write_task(_: s::state_task::Builder<'_>, _: &StateTask) -> Coded<()> {
    Ok(())
}
