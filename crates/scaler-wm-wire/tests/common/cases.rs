//! The Rust values that the recorded frames stand for: see `tests/python/golden.py`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use scaler_wm_wire::{
    Message, Version,
    message::{
        Argument, ArgumentKind, BinderCount, BinderStatus, CancelOutcome, Capability, ClientDisconnect, ClientId,
        ClientStatus, ConcurrencyRequest, DisconnectKind, DisconnectRequest, DisconnectResponse, Instruction,
        LogStream, ManagedWorkers, ManagerDetail, ObjectId, ObjectInstruction, ObjectManagerStatus, ObjectMetadata,
        ObjectType, ProcessorStatus, Resource, ResultOutcome, ScalingManagerStatus, StateScheduler, StateTask,
        StateWorker, StorageAddress, StorageStatus, Task, TaskCancel, TaskCancelConfirm, TaskCount, TaskId, TaskLog,
        TaskResult, TaskState, WorkerHeartbeat, WorkerHeartbeatEcho, WorkerId, WorkerManagerCommand,
        WorkerManagerHeartbeat, WorkerState, WorkerStatus,
    },
};

fn id<T: for<'a> From<&'a [u8]>>(bytes: impl AsRef<[u8]>) -> T {
    T::from(bytes.as_ref())
}

fn bytes(bytes: &'static [u8]) -> Bytes {
    Bytes::from_static(bytes)
}

fn gpu() -> Capability {
    Capability { name: "gpu".to_owned(), value: 2 }
}

fn linux() -> Capability {
    Capability { name: "linux".to_owned(), value: -1 }
}

/// What a version has, or nothing.
struct Since2(bool);

impl Since2 {
    fn of<T: Default>(&self, value: T) -> T {
        if self.0 { value } else { T::default() }
    }

    fn processor(&self, pid: u32, initialized: bool, has_task: bool, suspended: bool) -> ProcessorStatus {
        ProcessorStatus {
            pid,
            initialized,
            has_task,
            suspended,
            resource: Resource { cpu: 11, rss: (1 << 33) + 1 },
            current_task: self.of(id(b"current")),
            task_age_seconds: self.of(12),
        }
    }

    fn worker(&self, name: &str, sent: u32) -> WorkerStatus {
        WorkerStatus {
            id: WorkerId::from(name),
            agent: Resource { cpu: 41, rss: 42 },
            rss_free: 43,
            free: 44,
            sent,
            queued: 5,
            suspended: 6,
            lag_microseconds: 45,
            last_seen_seconds: if self.0 { 300 } else { 200 },
            itl: "110".to_owned(),
            processors: vec![self.processor(73, true, false, false)],
            mem_limit: self.of(46),
            hostname: self.of("host".to_owned()),
            net_sent_bytes: self.of(47),
            net_received_bytes: self.of(48),
        }
    }

    fn scheduler(&self) -> StateScheduler {
        let count = |client: &str, number| BinderCount { client: client.to_owned(), number };
        StateScheduler {
            binder: BinderStatus { received: vec![count("in", 1)], sent: vec![count("out", 2)] },
            scheduler: Resource { cpu: 3, rss: 4 },
            rss_free: 5,
            clients: vec![ClientStatus {
                id: id("Client|c"),
                tasks: 21,
                resource: self.of(Resource { cpu: 22, rss: 23 }),
                latency_microseconds: self.of(24),
                last_seen_seconds: self.of(25),
                connected_seconds: self.of(26),
                hostname: self.of("client host".to_owned()),
            }],
            objects: ObjectManagerStatus {
                objects: 31,
                storage: self.of(StorageStatus {
                    ids: 32,
                    payloads: 33,
                    bytes: 34,
                    pending_requests: 35,
                    pending_objects: 36,
                    oldest_pending_seconds: 37,
                }),
            },
            tasks: vec![TaskCount { state: 0, count: u32::MAX }, TaskCount { state: 8, count: 7 }],
            workers: vec![self.worker("Worker|a", 0), self.worker("Worker|b", 9)],
            scaling: ScalingManagerStatus {
                managed_workers: vec![ManagedWorkers {
                    manager_id: bytes(b"manager"),
                    workers: vec![WorkerId::from("Worker|a"), WorkerId::from("Worker|b")],
                }],
                details: vec![ManagerDetail {
                    manager_id: bytes(b"manager"),
                    identity: "1|name|uuid".to_owned(),
                    last_seen_seconds: if self.0 { 301 } else { 201 },
                    max_task_concurrency: u32::MAX,
                    capabilities: "gpu,linux".to_owned(),
                    pending_workers: 51,
                }],
            },
        }
    }

    fn state_task(&self, state: TaskState) -> Message {
        let worker = if state == TaskState::Running { "Worker|a" } else { "" };
        Message::StateTask(StateTask {
            task: id("state task"),
            function_name: bytes(b"f"),
            state,
            worker: WorkerId::from(worker),
            capabilities: vec![gpu()],
            metadata: bytes(b"profile"),
            object_bytes: self.of(1 << 34),
            client: self.of(id("Client|c")),
            event: self.of("hasCapacity".to_owned()),
        })
    }

    fn objects(&self) -> ObjectMetadata {
        ObjectMetadata {
            ids: vec![id([b'a'; 32]), id([b'b'; 32])],
            types: vec![ObjectType::Object, ObjectType::Serializer],
            names: vec![bytes(b"one"), bytes(b"")],
            sizes: self.of(vec![5, 1 << 40]),
        }
    }

    fn worker_heartbeat(&self) -> WorkerHeartbeat {
        WorkerHeartbeat {
            agent: Resource { cpu: 992, rss: (1 << 32) + 5 },
            rss_free: 1 << 35,
            queue_size: 1000,
            queued_tasks: 3,
            latency_microseconds: 1500,
            task_lock: true,
            processors: vec![self.processor(71, true, false, true), self.processor(72, false, true, false)],
            capabilities: vec![linux()],
            manager_id: bytes(b"manager"),
            mem_limit: self.of(1 << 36),
            hostname: self.of("host".to_owned()),
            net_sent_bytes: self.of(1 << 41),
            net_received_bytes: self.of(1 << 42),
        }
    }
}

fn task() -> Task {
    Task {
        id: id(std::array::from_fn::<u8, 16, _>(|index| u8::try_from(index).unwrap())),
        source: id("Client|c"),
        metadata: bytes(b"\x01\0\0\0\x07\0"),
        function: id(std::array::from_fn::<u8, 32, _>(|index| u8::try_from(index).unwrap())),
        arguments: vec![
            Argument { kind: ArgumentKind::Object, data: bytes(&[0xff; 32]) },
            Argument { kind: ArgumentKind::Task, data: bytes(b"other task") },
        ],
        capabilities: vec![gpu(), linux()],
    }
}

/// File name and message of every recorded frame of a version.
pub(crate) fn cases(version: Version) -> Vec<(String, Message)> {
    let later = Since2(version == Version::V2);
    let t = || TaskId::from(&b"t"[..]);
    let mut cases = vec![
        ("task".to_owned(), Message::Task(task())),
        ("task_empty".to_owned(), Message::Task(Task::default())),
        ("worker_heartbeat".to_owned(), Message::WorkerHeartbeat(later.worker_heartbeat())),
        (
            "worker_heartbeat_echo".to_owned(),
            Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho {
                storage: StorageAddress { host: "127.0.0.1".to_owned(), port: u16::MAX, scheme: "tcp".to_owned() },
            }),
        ),
        (
            "manager_heartbeat".to_owned(),
            Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat {
                max_task_concurrency: u32::MAX,
                capabilities: vec![gpu(), linux()],
                manager_id: Bytes::from_static("manager ß".as_bytes()),
            }),
        ),
        ("manager_heartbeat_echo".to_owned(), Message::WorkerManagerHeartbeatEcho),
        (
            "manager_command".to_owned(),
            Message::WorkerManagerCommand(WorkerManagerCommand {
                requests: vec![
                    ConcurrencyRequest { task_concurrency: 3, capabilities: vec![gpu(), linux()] },
                    ConcurrencyRequest { task_concurrency: 4, capabilities: Vec::new() },
                ],
            }),
        ),
        ("manager_command_empty".to_owned(), Message::WorkerManagerCommand(WorkerManagerCommand::default())),
        ("state_scheduler".to_owned(), Message::StateScheduler(Box::new(later.scheduler()))),
        ("state_scheduler_empty".to_owned(), Message::StateScheduler(Box::default())),
    ];
    let mut numbered = |name: &str, messages: Vec<Message>| {
        cases.extend((0..).zip(messages).map(|(number, message): (u8, _)| (format!("{name}_{number}"), message)));
    };
    numbered("task_cancel", [false, true].map(|force| Message::TaskCancel(TaskCancel { id: t(), force })).into());
    numbered(
        "task_cancel_confirm",
        [CancelOutcome::Canceled, CancelOutcome::Failed, CancelOutcome::NotFound]
            .map(|outcome| Message::TaskCancelConfirm(TaskCancelConfirm { id: t(), outcome }))
            .into(),
    );
    numbered(
        "task_result",
        [ResultOutcome::Success, ResultOutcome::Failed, ResultOutcome::WorkerDied]
            .map(|outcome| {
                let results = vec![ObjectId::from(&[b'r'; 32][..])];
                Message::TaskResult(TaskResult { id: t(), outcome, metadata: bytes(b"m"), results })
            })
            .into(),
    );
    numbered(
        "task_log",
        [LogStream::Stdout, LogStream::Stderr]
            .map(|stream| Message::TaskLog(TaskLog { id: t(), stream, content: "grüße\n".to_owned() }))
            .into(),
    );
    numbered(
        "object_instruction",
        [Instruction::Create, Instruction::Delete, Instruction::Clear]
            .map(|instruction| {
                let user = ClientId::from(&b"Client|c"[..]);
                Message::ObjectInstruction(ObjectInstruction { instruction, user, objects: later.objects() })
            })
            .into(),
    );
    numbered(
        "client_disconnect",
        [DisconnectKind::Disconnect, DisconnectKind::Shutdown]
            .map(|kind| Message::ClientDisconnect(ClientDisconnect { kind }))
            .into(),
    );
    numbered(
        "state_worker",
        [WorkerState::Connected, WorkerState::Disconnected]
            .map(|state| {
                let worker = WorkerId::from("Worker|a");
                Message::StateWorker(StateWorker { worker, state, capabilities: vec![linux()] })
            })
            .into(),
    );
    let mut states = vec![
        TaskState::Inactive,
        TaskState::Running,
        TaskState::Canceling,
        TaskState::BalanceCanceling,
        TaskState::Success,
        TaskState::Failed,
        TaskState::WorkerDied,
        TaskState::Canceled,
        TaskState::CanceledNotFound,
    ];
    if version == Version::V1 {
        states.extend([TaskState::BalanceCanceled, TaskState::WorkerDisconnecting]);
    }
    numbered("state_task", states.into_iter().map(|state| later.state_task(state)).collect());
    match version {
        Version::V1 => {
            let worker = || WorkerId::from("Worker|a");
            let request = Message::DisconnectRequest(DisconnectRequest { worker: worker() });
            let response = Message::DisconnectResponse(DisconnectResponse { worker: worker() });
            cases.push(("disconnect_request".to_owned(), request));
            cases.push(("disconnect_response".to_owned(), response));
        }
        Version::V2 => cases.push(("worker_disconnect".to_owned(), Message::WorkerDisconnectNotification)),
    }
    cases
}
