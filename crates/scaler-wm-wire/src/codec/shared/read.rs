//! Cap'n Proto readers to plain types.

use bytes::Bytes;
use scaler_wm_core::WorkerId;

use super::{
    super::{
        super::{Coded, Fail, Room},
        fields,
        schema::{self as s, message::Which},
    },
    read_state,
};
use crate::message::{
    Argument, ArgumentKind, CancelOutcome, Capability, ClientDisconnect, ConcurrencyRequest, DisconnectKind,
    Instruction, LogStream, Message, ObjectInstruction, ObjectMetadata, ObjectType, ProcessorStatus, Resource,
    ResultOutcome, StorageAddress, Task, TaskCancel, TaskCancelConfirm, TaskLog, TaskResult, WorkerHeartbeat,
    WorkerHeartbeatEcho, WorkerManagerCommand, WorkerManagerHeartbeat,
};

pub(super) fn message(root: s::message::Reader<'_>, room: &Room) -> Coded<Message> {
    let which = match root.which() {
        Ok(which) => which,
        Err(capnp::NotInSchema(ordinal)) => return Ok(Message::Other { ordinal }),
    };
    Ok(match which {
        Which::Task(reader) => Message::Task(task(reader?, room)?),
        Which::TaskCancel(reader) => {
            let reader = reader?;
            Message::TaskCancel(TaskCancel { id: reader.get_task_id()?.into(), force: reader.get_flags()?.get_force() })
        }
        Which::TaskCancelConfirm(reader) => {
            let reader = reader?;
            let outcome = match reader.get_outcome()? {
                s::CancelOutcome::Canceled => CancelOutcome::Canceled,
                s::CancelOutcome::Failed => CancelOutcome::Failed,
                s::CancelOutcome::NotFound => CancelOutcome::NotFound,
            };
            Message::TaskCancelConfirm(TaskCancelConfirm { id: reader.get_task_id()?.into(), outcome })
        }
        Which::TaskResult(reader) => Message::TaskResult(task_result(reader?, room)?),
        Which::TaskLog(reader) => {
            let reader = reader?;
            let stream = match reader.get_stream()? {
                s::LogStream::Stdout => LogStream::Stdout,
                s::LogStream::Stderr => LogStream::Stderr,
            };
            Message::TaskLog(TaskLog {
                id: reader.get_task_id()?.into(),
                stream,
                content: string(reader.get_content()?)?,
            })
        }
        Which::ObjectInstruction(reader) => Message::ObjectInstruction(object_instruction(reader?, room)?),
        Which::WorkerHeartbeat(reader) => Message::WorkerHeartbeat(worker_heartbeat(reader?, room)?),
        Which::WorkerHeartbeatEcho(reader) => {
            let storage = reader?.get_storage()?;
            Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho {
                storage: StorageAddress {
                    host: string(storage.get_host()?)?,
                    port: storage.get_port(),
                    scheme: string(storage.get_scheme()?)?,
                },
            })
        }
        Which::ManagerHeartbeat(reader) => {
            let reader = reader?;
            Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat {
                max_task_concurrency: reader.get_max_task_concurrency(),
                capabilities: capabilities(reader.get_capabilities()?, room)?,
                manager_id: bytes(reader.get_manager_id()?),
            })
        }
        // The pointer is looked at, so that a broken one is noticed, but there is nothing behind it.
        Which::ManagerHeartbeatEcho(reader) => reader.map(|_| Message::WorkerManagerHeartbeatEcho)?,
        Which::ManagerCommand(reader) => Message::WorkerManagerCommand(command(reader?, room)?),
        Which::ClientDisconnect(reader) => {
            let kind = match reader?.get_kind()? {
                s::client_disconnect::Kind::Disconnect => DisconnectKind::Disconnect,
                s::client_disconnect::Kind::Shutdown => DisconnectKind::Shutdown,
            };
            Message::ClientDisconnect(ClientDisconnect { kind })
        }
        Which::StateScheduler(reader) => Message::StateScheduler(Box::new(read_state::scheduler(reader?, room)?)),
        Which::StateWorker(reader) => Message::StateWorker(read_state::worker(reader?, room)?),
        Which::StateTask(reader) => Message::StateTask(read_state::task(reader?, room)?),
        other => fields::read_rest(other)?,
    })
}

fn command(reader: s::manager_command::Reader<'_>, room: &Room) -> Coded<WorkerManagerCommand> {
    let request = |reader: s::manager_command::request::Reader<'_>| -> Coded<ConcurrencyRequest> {
        Ok(ConcurrencyRequest {
            task_concurrency: reader.get_task_concurrency(),
            capabilities: capabilities(reader.get_capabilities()?, room)?,
        })
    };
    let requests = reader.get_requests()?;
    room.list::<ConcurrencyRequest>(requests.len())?;
    Ok(WorkerManagerCommand { requests: requests.iter().map(request).collect::<Coded<_>>()? })
}

fn task(reader: s::task::Reader<'_>, room: &Room) -> Coded<Task> {
    let argument = |reader: s::task::argument::Reader<'_>| -> Coded<Argument> {
        let kind = match reader.get_kind()? {
            s::task::argument::Kind::Task => ArgumentKind::Task,
            s::task::argument::Kind::Object => ArgumentKind::Object,
        };
        Ok(Argument { kind, data: bytes(reader.get_data()?) })
    };
    let arguments = reader.get_arguments()?;
    room.list::<Argument>(arguments.len())?;
    Ok(Task {
        id: reader.get_task_id()?.into(),
        source: reader.get_source()?.into(),
        metadata: bytes(reader.get_metadata()?),
        function: reader.get_function_id()?.into(),
        arguments: arguments.iter().map(argument).collect::<Coded<_>>()?,
        capabilities: capabilities(reader.get_capabilities()?, room)?,
    })
}

fn task_result(reader: s::task_result::Reader<'_>, room: &Room) -> Coded<TaskResult> {
    let outcome = match reader.get_outcome()? {
        s::ResultOutcome::Success => ResultOutcome::Success,
        s::ResultOutcome::Failed => ResultOutcome::Failed,
        s::ResultOutcome::WorkerDied => ResultOutcome::WorkerDied,
    };
    Ok(TaskResult {
        id: reader.get_task_id()?.into(),
        outcome,
        metadata: bytes(reader.get_metadata()?),
        results: data_list(reader.get_results()?, room)?,
    })
}

fn object_instruction(reader: s::object_instruction::Reader<'_>, room: &Room) -> Coded<ObjectInstruction> {
    let instruction = match reader.get_instruction()? {
        s::object_instruction::Instruction::Create => Instruction::Create,
        s::object_instruction::Instruction::Delete => Instruction::Delete,
        s::object_instruction::Instruction::Clear => Instruction::Clear,
    };
    let objects = object_metadata(reader.get_objects()?, room)?;
    Ok(ObjectInstruction { instruction, user: reader.get_object_user()?.into(), objects })
}

fn object_metadata(reader: s::object_metadata::Reader<'_>, room: &Room) -> Coded<ObjectMetadata> {
    let mut types = Vec::new();
    for kind in reader.get_object_types()? {
        types.push(match kind? {
            s::ObjectType::Serializer => ObjectType::Serializer,
            s::ObjectType::Object => ObjectType::Object,
        });
    }
    Ok(ObjectMetadata {
        ids: data_list(reader.get_object_ids()?, room)?,
        types,
        names: data_list::<Data>(reader.get_object_names()?, room)?.into_iter().map(|Data(name)| name).collect(),
        sizes: fields::object_sizes(reader)?,
    })
}

fn worker_heartbeat(reader: s::worker_heartbeat::Reader<'_>, room: &Room) -> Coded<WorkerHeartbeat> {
    let mut heartbeat = WorkerHeartbeat {
        agent: resource(reader.get_agent()?),
        rss_free: reader.get_rss_free(),
        queue_size: reader.get_queue_size(),
        queued_tasks: reader.get_queued_tasks(),
        latency_microseconds: reader.get_latency_microseconds(),
        task_lock: reader.get_task_lock(),
        processors: processors(reader.get_processors()?, room)?,
        capabilities: capabilities(reader.get_capabilities()?, room)?,
        manager_id: bytes(reader.get_manager_id()?),
        ..WorkerHeartbeat::default()
    };
    fields::read_heartbeat(reader, &mut heartbeat)?;
    Ok(heartbeat)
}

pub(in crate::codec) fn resource(reader: s::resource::Reader<'_>) -> Resource {
    Resource { cpu: reader.get_cpu(), rss: reader.get_rss() }
}

pub(super) fn processors(
    list: capnp::struct_list::Reader<'_, s::processor_status::Owned>,
    room: &Room,
) -> Coded<Vec<ProcessorStatus>> {
    let processor = |reader: s::processor_status::Reader<'_>| -> Coded<ProcessorStatus> {
        let mut status = ProcessorStatus {
            pid: reader.get_pid(),
            initialized: reader.get_initialized(),
            has_task: reader.get_has_task(),
            suspended: reader.get_suspended(),
            resource: resource(reader.get_resource()?),
            ..ProcessorStatus::default()
        };
        fields::read_processor(reader, &mut status)?;
        Ok(status)
    };
    room.list::<ProcessorStatus>(list.len())?;
    list.iter().map(processor).collect()
}

pub(super) fn capabilities(
    list: capnp::struct_list::Reader<'_, s::capability::Owned>,
    room: &Room,
) -> Coded<Vec<Capability>> {
    room.list::<Capability>(list.len())?;
    list.iter().map(|reader| Ok(Capability { name: string(reader.get_name()?)?, value: reader.get_value() })).collect()
}

pub(super) fn data_list<T>(list: capnp::data_list::Reader<'_>, room: &Room) -> Coded<Vec<T>>
where
    T: for<'a> From<&'a [u8]>,
{
    room.list::<T>(list.len())?;
    list.iter().map(|entry| Ok(T::from(entry?))).collect()
}

pub(in crate::codec) fn worker_id(data: &[u8]) -> WorkerId {
    WorkerId::from(data)
}

/// Bytes of a list, copied.
struct Data(Bytes);

impl From<&[u8]> for Data {
    fn from(data: &[u8]) -> Self {
        Self(bytes(data))
    }
}

pub(super) fn bytes(data: &[u8]) -> Bytes {
    Bytes::copy_from_slice(data)
}

pub(super) fn string(text: capnp::text::Reader<'_>) -> Coded<String> {
    Ok(text.to_str().map_err(Fail::from)?.to_owned())
}
