//! Plain types to Cap'n Proto builders.

use super::{
    super::{
        super::{Coded, data, length, text},
        fields, schema as s,
    },
    write_state,
};
use crate::message::{
    ArgumentKind, CancelOutcome, Capability, DisconnectKind, Instruction, LogStream, Message, ObjectInstruction,
    ObjectType, ProcessorStatus, Resource, ResultOutcome, Task, TaskResult, WorkerHeartbeat, WorkerManagerCommand,
};

pub(super) fn message(mut root: s::message::Builder<'_>, message: &Message) -> Coded<()> {
    match message {
        Message::Task(value) => task(root.init_task(), value)?,
        Message::TaskCancel(value) => {
            let mut builder = root.init_task_cancel();
            builder.set_task_id(data(value.id.as_bytes())?);
            builder.init_flags().set_force(value.force);
        }
        Message::TaskCancelConfirm(value) => {
            let mut builder = root.init_task_cancel_confirm();
            builder.set_task_id(data(value.id.as_bytes())?);
            builder.set_outcome(match value.outcome {
                CancelOutcome::Canceled => s::CancelOutcome::Canceled,
                CancelOutcome::Failed => s::CancelOutcome::Failed,
                CancelOutcome::NotFound => s::CancelOutcome::NotFound,
            });
        }
        Message::TaskResult(value) => task_result(root.init_task_result(), value)?,
        Message::TaskLog(value) => {
            let mut builder = root.init_task_log();
            builder.set_task_id(data(value.id.as_bytes())?);
            builder.set_stream(match value.stream {
                LogStream::Stdout => s::LogStream::Stdout,
                LogStream::Stderr => s::LogStream::Stderr,
            });
            builder.set_content(text(&value.content)?);
        }
        Message::ObjectInstruction(value) => object_instruction(root.init_object_instruction(), value)?,
        Message::WorkerHeartbeat(value) => worker_heartbeat(root.init_worker_heartbeat(), value)?,
        Message::WorkerHeartbeatEcho(value) => {
            let mut builder = root.init_worker_heartbeat_echo().init_storage();
            builder.set_host(text(&value.storage.host)?);
            builder.set_port(value.storage.port);
            builder.set_scheme(text(&value.storage.scheme)?);
        }
        Message::WorkerManagerHeartbeat(value) => {
            let mut builder = root.init_manager_heartbeat();
            builder.set_max_task_concurrency(value.max_task_concurrency);
            set_capabilities(builder.reborrow().init_capabilities(length(&value.capabilities)?), &value.capabilities)?;
            builder.set_manager_id(data(&value.manager_id)?);
        }
        Message::WorkerManagerHeartbeatEcho => {
            root.reborrow().init_manager_heartbeat_echo();
        }
        Message::WorkerManagerCommand(value) => command(root.init_manager_command(), value)?,
        Message::ClientDisconnect(value) => root.init_client_disconnect().set_kind(match value.kind {
            DisconnectKind::Disconnect => s::client_disconnect::Kind::Disconnect,
            DisconnectKind::Shutdown => s::client_disconnect::Kind::Shutdown,
        }),
        Message::StateScheduler(value) => write_state::scheduler(root.init_state_scheduler(), value)?,
        Message::StateWorker(value) => write_state::worker(root.init_state_worker(), value)?,
        Message::StateTask(value) => write_state::task(root.init_state_task(), value)?,
        Message::DisconnectRequest(_)
        | Message::DisconnectResponse(_)
        | Message::WorkerDisconnectNotification
        | Message::Other { .. } => fields::write_rest(root, message)?,
    }
    Ok(())
}

fn command(builder: s::manager_command::Builder<'_>, value: &WorkerManagerCommand) -> Coded<()> {
    let mut requests = builder.init_requests(length(&value.requests)?);
    for (index, request) in (0..).zip(&value.requests) {
        let mut builder = requests.reborrow().get(index);
        builder.set_task_concurrency(request.task_concurrency);
        set_capabilities(builder.init_capabilities(length(&request.capabilities)?), &request.capabilities)?;
    }
    Ok(())
}

fn task(mut builder: s::task::Builder<'_>, value: &Task) -> Coded<()> {
    builder.set_task_id(data(value.id.as_bytes())?);
    builder.set_source(data(value.source.as_bytes())?);
    builder.set_metadata(data(&value.metadata)?);
    builder.set_function_id(data(value.function.as_bytes())?);
    let mut arguments = builder.reborrow().init_arguments(length(&value.arguments)?);
    for (index, argument) in (0..).zip(&value.arguments) {
        let mut builder = arguments.reborrow().get(index);
        builder.set_kind(match argument.kind {
            ArgumentKind::Task => s::task::argument::Kind::Task,
            ArgumentKind::Object => s::task::argument::Kind::Object,
        });
        builder.set_data(data(&argument.data)?);
    }
    set_capabilities(builder.init_capabilities(length(&value.capabilities)?), &value.capabilities)
}

fn task_result(mut builder: s::task_result::Builder<'_>, value: &TaskResult) -> Coded<()> {
    builder.set_task_id(data(value.id.as_bytes())?);
    builder.set_outcome(match value.outcome {
        ResultOutcome::Success => s::ResultOutcome::Success,
        ResultOutcome::Failed => s::ResultOutcome::Failed,
        ResultOutcome::WorkerDied => s::ResultOutcome::WorkerDied,
    });
    builder.set_metadata(data(&value.metadata)?);
    let ids = value.results.iter().map(|id| id.as_bytes());
    set_data_list(builder.init_results(length(&value.results)?), ids)
}

fn object_instruction(mut builder: s::object_instruction::Builder<'_>, value: &ObjectInstruction) -> Coded<()> {
    builder.set_instruction(match value.instruction {
        Instruction::Create => s::object_instruction::Instruction::Create,
        Instruction::Delete => s::object_instruction::Instruction::Delete,
        Instruction::Clear => s::object_instruction::Instruction::Clear,
    });
    builder.set_object_user(data(value.user.as_bytes())?);
    let mut builder = builder.init_objects();
    let objects = &value.objects;
    let ids = objects.ids.iter().map(|id| id.as_bytes());
    set_data_list(builder.reborrow().init_object_ids(length(&objects.ids)?), ids)?;
    let mut types = builder.reborrow().init_object_types(length(&objects.types)?);
    for (index, kind) in (0..).zip(&objects.types) {
        types.set(
            index,
            match kind {
                ObjectType::Serializer => s::ObjectType::Serializer,
                ObjectType::Object => s::ObjectType::Object,
            },
        );
    }
    let names = objects.names.iter().map(|name| &name[..]);
    set_data_list(builder.reborrow().init_object_names(length(&objects.names)?), names)?;
    fields::write_object_sizes(builder, &objects.sizes)
}

fn worker_heartbeat(mut builder: s::worker_heartbeat::Builder<'_>, value: &WorkerHeartbeat) -> Coded<()> {
    set_resource(builder.reborrow().init_agent(), value.agent);
    builder.set_rss_free(value.rss_free);
    builder.set_queue_size(value.queue_size);
    builder.set_queued_tasks(value.queued_tasks);
    builder.set_latency_microseconds(value.latency_microseconds);
    builder.set_task_lock(value.task_lock);
    set_processors(builder.reborrow().init_processors(length(&value.processors)?), &value.processors)?;
    set_capabilities(builder.reborrow().init_capabilities(length(&value.capabilities)?), &value.capabilities)?;
    builder.set_manager_id(data(&value.manager_id)?);
    fields::write_heartbeat(builder, value)
}

pub(in crate::codec) fn set_resource(mut builder: s::resource::Builder<'_>, value: Resource) {
    builder.set_cpu(value.cpu);
    builder.set_rss(value.rss);
}

pub(super) fn set_processors(
    mut list: capnp::struct_list::Builder<'_, s::processor_status::Owned>,
    values: &[ProcessorStatus],
) -> Coded<()> {
    for (index, value) in (0..).zip(values) {
        let mut builder = list.reborrow().get(index);
        builder.set_pid(value.pid);
        builder.set_initialized(value.initialized);
        builder.set_has_task(value.has_task);
        builder.set_suspended(value.suspended);
        set_resource(builder.reborrow().init_resource(), value.resource);
        fields::write_processor(builder, value)?;
    }
    Ok(())
}

pub(super) fn set_capabilities(
    mut list: capnp::struct_list::Builder<'_, s::capability::Owned>,
    values: &[Capability],
) -> Coded<()> {
    for (index, value) in (0..).zip(values) {
        let mut builder = list.reborrow().get(index);
        builder.set_name(text(&value.name)?);
        builder.set_value(value.value);
    }
    Ok(())
}

pub(super) fn set_data_list<'a>(
    mut list: capnp::data_list::Builder<'_>,
    values: impl Iterator<Item = &'a [u8]>,
) -> Coded<()> {
    for (index, value) in (0..).zip(values) {
        list.set(index, data(value)?);
    }
    Ok(())
}
