//! Any message, for property tests.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::select};
use scaler_wm_wire::{
    Message, Version,
    message::{
        Argument, ArgumentKind, CancelOutcome, Capability, ClientDisconnect, ConcurrencyRequest, DisconnectKind,
        DisconnectRequest, Instruction, LogStream, ObjectInstruction, ObjectMetadata, ObjectType, ProcessorStatus,
        Resource, ResultOutcome, StateScheduler, StateTask, StateWorker, StorageAddress, Task, TaskCancel,
        TaskCancelConfirm, TaskCount, TaskLog, TaskResult, TaskState, WorkerHeartbeat, WorkerHeartbeatEcho, WorkerId,
        WorkerManagerCommand, WorkerManagerHeartbeat, WorkerState, WorkerStatus,
    },
};

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..40).prop_map(Bytes::from)
}

fn id<T: for<'a> From<&'a [u8]> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    bytes().prop_map(|bytes| T::from(&bytes))
}

fn worker_id() -> impl Strategy<Value = WorkerId> {
    bytes().prop_map(|bytes| WorkerId::from(&bytes))
}

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

fn capabilities() -> impl Strategy<Value = Vec<Capability>> {
    vec((text(), any::<i64>()).prop_map(|(name, value)| Capability { name, value }), 0..4)
}

fn resource() -> impl Strategy<Value = Resource> {
    (any::<u16>(), any::<u64>()).prop_map(|(cpu, rss)| Resource { cpu, rss })
}

/// A value that only version 2 has.
fn since_2<S>(version: Version, strategy: S) -> BoxedStrategy<S::Value>
where
    S: Strategy + 'static,
    S::Value: Default + Clone + 'static,
{
    if version == Version::V2 { strategy.boxed() } else { Just(S::Value::default()).boxed() }
}

fn processors(version: Version) -> impl Strategy<Value = Vec<ProcessorStatus>> {
    let known = (any::<u32>(), any::<[bool; 3]>(), resource());
    let later = (since_2(version, id()), since_2(version, any::<u32>()));
    let processor = (known, later).prop_map(|((pid, [initialized, has_task, suspended], resource), later)| {
        let (current_task, task_age_seconds) = later;
        ProcessorStatus { pid, initialized, has_task, suspended, resource, current_task, task_age_seconds }
    });
    vec(processor, 0..3)
}

fn worker_heartbeat(version: Version) -> impl Strategy<Value = WorkerHeartbeat> {
    let known =
        (resource(), any::<u64>(), any::<[u32; 3]>(), any::<bool>(), processors(version), capabilities(), bytes());
    let later = (since_2(version, any::<[u64; 3]>()), since_2(version, text()));
    (known, later).prop_map(|((agent, rss_free, counts, task_lock, processors, capabilities, manager_id), later)| {
        let [queue_size, queued_tasks, latency_microseconds] = counts;
        let ([mem_limit, net_sent_bytes, net_received_bytes], hostname) = later;
        WorkerHeartbeat {
            agent,
            rss_free,
            queue_size,
            queued_tasks,
            latency_microseconds,
            task_lock,
            processors,
            capabilities,
            manager_id,
            mem_limit,
            hostname,
            net_sent_bytes,
            net_received_bytes,
        }
    })
}

fn worker_status(version: Version) -> impl Strategy<Value = WorkerStatus> {
    let seconds = if version == Version::V2 { 0..=u16::MAX } else { 0..=u16::from(u8::MAX) };
    let known = (worker_id(), resource(), any::<[u64; 2]>(), any::<[u32; 3]>(), any::<u8>(), seconds, text());
    let later = (since_2(version, any::<[u64; 3]>()), since_2(version, text()));
    (known, processors(version), later).prop_map(|(known, processors, later)| {
        let (id, agent, [rss_free, lag_microseconds], [free, sent, queued], suspended, last_seen_seconds, itl) = known;
        let ([mem_limit, net_sent_bytes, net_received_bytes], hostname) = later;
        WorkerStatus {
            id,
            agent,
            rss_free,
            free,
            sent,
            queued,
            suspended,
            lag_microseconds,
            last_seen_seconds,
            itl,
            processors,
            mem_limit,
            hostname,
            net_sent_bytes,
            net_received_bytes,
        }
    })
}

fn state_task(version: Version) -> impl Strategy<Value = StateTask> {
    let mut states = vec![TaskState::Inactive, TaskState::Running, TaskState::Success, TaskState::CanceledNotFound];
    if version == Version::V1 {
        states.extend([TaskState::BalanceCanceled, TaskState::WorkerDisconnecting]);
    }
    let known = (id(), bytes(), select(states), worker_id(), capabilities(), bytes());
    let later = (since_2(version, any::<u64>()), since_2(version, id()), since_2(version, text()));
    (known, later).prop_map(|((task, function_name, state, worker, capabilities, metadata), later)| {
        let (object_bytes, client, event) = later;
        StateTask { task, function_name, state, worker, capabilities, metadata, object_bytes, client, event }
    })
}

fn task() -> impl Strategy<Value = Task> {
    let kind = select(vec![ArgumentKind::Task, ArgumentKind::Object]);
    let argument = (kind, bytes()).prop_map(|(kind, data)| Argument { kind, data });
    (id(), id(), bytes(), id(), vec(argument, 0..4), capabilities()).prop_map(
        |(id, source, metadata, function, arguments, capabilities)| Task {
            id,
            source,
            metadata,
            function,
            arguments,
            capabilities,
        },
    )
}

fn object_instruction(version: Version) -> impl Strategy<Value = ObjectInstruction> {
    let kind = select(vec![Instruction::Create, Instruction::Delete, Instruction::Clear]);
    let types = vec(select(vec![ObjectType::Serializer, ObjectType::Object]), 0..4);
    let sizes = since_2(version, vec(any::<u64>(), 0..4));
    (kind, id(), vec(id(), 0..4), types, vec(bytes(), 0..4), sizes).prop_map(
        |(instruction, user, ids, types, names, sizes)| ObjectInstruction {
            instruction,
            user,
            objects: ObjectMetadata { ids, types, names, sizes },
        },
    )
}

/// Any message that a version can carry.
pub(crate) fn message(version: Version) -> impl Strategy<Value = Message> {
    let request = (any::<u32>(), capabilities())
        .prop_map(|(task_concurrency, capabilities)| ConcurrencyRequest { task_concurrency, capabilities });
    let cancel_outcome = select(vec![CancelOutcome::Canceled, CancelOutcome::Failed, CancelOutcome::NotFound]);
    let result_outcome = select(vec![ResultOutcome::Success, ResultOutcome::Failed, ResultOutcome::WorkerDied]);
    let stream = select(vec![LogStream::Stdout, LogStream::Stderr]);
    let state = select(vec![WorkerState::Connected, WorkerState::Disconnected]);
    let leaving = match version {
        Version::V1 => worker_id().prop_map(|worker| Message::DisconnectRequest(DisconnectRequest { worker })).boxed(),
        Version::V2 => Just(Message::WorkerDisconnectNotification).boxed(),
    };
    let count = (any::<u8>(), any::<u32>()).prop_map(|(state, count)| TaskCount { state, count });
    prop_oneof![
        task().prop_map(Message::Task),
        (id(), any::<bool>()).prop_map(|(id, force)| Message::TaskCancel(TaskCancel { id, force })),
        (id(), cancel_outcome).prop_map(|(id, outcome)| Message::TaskCancelConfirm(TaskCancelConfirm { id, outcome })),
        (id(), result_outcome, bytes(), vec(id(), 0..3)).prop_map(|(id, outcome, metadata, results)| {
            Message::TaskResult(TaskResult { id, outcome, metadata, results })
        }),
        (id(), stream, text()).prop_map(|(id, stream, content)| Message::TaskLog(TaskLog { id, stream, content })),
        object_instruction(version).prop_map(Message::ObjectInstruction),
        worker_heartbeat(version).prop_map(Message::WorkerHeartbeat),
        (text(), any::<u16>(), text()).prop_map(|(host, port, scheme)| {
            Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho { storage: StorageAddress { host, port, scheme } })
        }),
        leaving,
        select(vec![DisconnectKind::Disconnect, DisconnectKind::Shutdown])
            .prop_map(|kind| Message::ClientDisconnect(ClientDisconnect { kind })),
        (any::<u32>(), capabilities(), bytes()).prop_map(|(max_task_concurrency, capabilities, manager_id)| {
            Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat { max_task_concurrency, capabilities, manager_id })
        }),
        Just(Message::WorkerManagerHeartbeatEcho),
        vec(request, 0..5).prop_map(|requests| Message::WorkerManagerCommand(WorkerManagerCommand { requests })),
        (vec(worker_status(version), 0..3), vec(count, 0..4), resource()).prop_map(|(workers, tasks, scheduler)| {
            Message::StateScheduler(Box::new(StateScheduler { workers, tasks, scheduler, ..StateScheduler::default() }))
        }),
        (worker_id(), state, capabilities()).prop_map(|(worker, state, capabilities)| {
            Message::StateWorker(StateWorker { worker, state, capabilities })
        }),
        state_task(version).prop_map(Message::StateTask),
    ]
}
