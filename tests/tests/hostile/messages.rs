//! Messages that are whole, and mean no good.

use std::sync::Arc;

use scaler_wm_wire::{
    Message, Version,
    message::{
        Argument, ArgumentKind, Capability, ClientId, ConcurrencyRequest, ObjectId, ObjectResponseHeader,
        ObjectResponseKind, StateScheduler, StateTask, StateWorker, StorageAddress, Task, TaskCancel, TaskId,
        TaskState, WorkerHeartbeatEcho, WorkerId, WorkerManagerCommand, WorkerState, WorkerStatus,
    },
};

use crate::deeds::{Deed, Then, frame, greeted};

fn framed(message: &Message) -> Vec<u8> {
    frame(&message.encode(Version::V2).expect("it can be said"))
}

fn all(messages: impl IntoIterator<Item = Message>) -> Vec<u8> {
    messages.into_iter().flat_map(|message| framed(&message)).collect()
}

fn echo() -> Message {
    Message::WorkerManagerHeartbeatEcho
}

fn wish(requests: Vec<(u32, Vec<Capability>)>) -> Message {
    let request = |(task_concurrency, capabilities)| ConcurrencyRequest { task_concurrency, capabilities };
    Message::WorkerManagerCommand(WorkerManagerCommand { requests: requests.into_iter().map(request).collect() })
}

/// A capability whose name is long, and would steer a terminal.
fn ugly(length: usize) -> Capability {
    Capability { name: format!("\u{1b}[2J\r\n{}", "x".repeat(length)), value: i64::MIN }
}

/// A report whose list of workers has so many entries of nothing, and as many words of zeros behind them: an entry costs a
/// peer less than a byte, and some hundred whoever takes it.
fn report_of_nothing(entries: u32) -> Vec<u8> {
    let pointer = |offset: u32, second: u32| [offset << 2, second];
    let structure = |data: u32, pointers: u32| pointers << 16 | data;
    let mut halves = vec![pointer(0, structure(1, 1)), [14, 0], pointer(0, structure(1, 7)), [0; 2]];
    halves.extend([[0; 2]; 5]);
    halves.extend([pointer(1, structure(0, 1)), [0; 2], [1, 7], pointer(entries, 0)]);
    halves.resize(halves.len() + entries as usize, [0; 2]);
    let head = [0, u32::try_from(halves.len()).expect("a small message")];
    frame(&[head].iter().chain(&halves).flatten().flat_map(|half| half.to_le_bytes()).collect::<Vec<u8>>())
}

fn deed(name: &'static str, said: &[u8], then: Then) -> Deed {
    Deed::once(name, greeted(said), then)
}

/// What a scheduler can say to a manager.
pub(crate) fn to_a_manager() -> Vec<Arc<Deed>> {
    let up = framed(&echo());
    let wishes = |wish: &Message| [&up[..], &framed(wish)].concat();
    let changing = [wish(vec![(1 << 31, Vec::new())]), wish(Vec::new())].map(|wish| framed(&wish)).concat();
    let many = (0..20_000).map(|number| (number, vec![ugly(8)])).collect();
    let deeds = [
        // The limit holds whatever is wanted.
        deed("a wish for 2^31", &wishes(&wish(vec![(1 << 31, Vec::new())])), Then::Stall),
        deed("a wish for less than nothing", &wishes(&wish(vec![(u32::MAX, Vec::new()); 100])), Then::Stall),
        deed("a wish for what has a name of a megabyte", &wishes(&wish(vec![(1, vec![ugly(1 << 20)])])), Then::Stall),
        deed("a wish of 20,000 parts", &wishes(&wish(many)), Then::Stall),
        deed("wishes that change at once", &up, Then::Stall).and(changing.repeat(100), 100),
        Deed { connections: 6, ..deed("an answer, and gone", &up, Then::Close) },
        deed("endless answers", b"", Then::Close).and(up.repeat(1 << 10), 100),
        deed("a report of nothing", &report_of_nothing(400_000), Then::Stall),
        deed("messages for others", b"", Then::Close).and(all(for_others()).repeat(100), 20),
    ];
    deeds.map(Arc::new).into()
}

fn for_others() -> [Message; 3] {
    let task = Task { id: TaskId::from(&b"task"[..]), ..Task::default() };
    [
        Message::Task(task),
        Message::StateTask(state("task", TaskState::Running, "w")),
        Message::StateScheduler(Box::default()),
    ]
}

fn state(task: &str, state: TaskState, worker: &str) -> StateTask {
    let id = TaskId::from(task.as_bytes());
    StateTask { worker: WorkerId::from(worker), ..StateTask::new(id, state) }
}

/// What a monitor can say to whoever listens.
pub(crate) fn of_a_monitor() -> Vec<Arc<Deed>> {
    let tasks = |states: &[TaskState], count: usize, worker: &str| {
        let one = |number: usize| states.iter().map(move |of| (number, *of));
        all((0..count)
            .flat_map(one)
            .map(|(number, of)| Message::StateTask(state(&format!("task {number}"), of, worker))))
    };
    let needing = |number: usize| {
        let capabilities = vec![Capability { name: format!("kind {number}"), value: -1 }, ugly(100)];
        Message::StateTask(StateTask { capabilities, ..state(&format!("kind {number}"), TaskState::Inactive, "") })
    };
    let worker = |number: usize, of| {
        Message::StateWorker(StateWorker {
            worker: WorkerId::from(&format!("Worker|{number}")),
            state: of,
            capabilities: Vec::new(),
        })
    };
    let long = "x".repeat(1 << 20);
    let workers = (0..50_000).map(|number| WorkerStatus::new(WorkerId::from(&format!("Worker|{number}")))).collect();
    let report = Message::StateScheduler(Box::new(StateScheduler { workers, ..StateScheduler::default() }));
    let deeds = [
        deed("a report of nothing", &report_of_nothing(1_000_000), Then::Stall),
        deed("50,000 workers", &framed(&report), Then::Stall),
        deed("50,000 tasks", &tasks(&[TaskState::Inactive, TaskState::Running], 50_000, "Worker|1"), Then::Stall),
        deed("20,000 kinds of tasks", &all((0..20_000).map(needing)), Then::Stall),
        deed(
            "ends of what never was",
            &tasks(&[TaskState::Success, TaskState::Canceled], 50_000, "nobody"),
            Then::Stall,
        ),
        deed("names of a megabyte", b"", Then::Stall)
            .and(framed(&Message::StateTask(state(&long, TaskState::Running, &long))), 50),
        deed("workers that come and go", b"", Then::Close).and(
            all((0..100).flat_map(|n| [worker(n, WorkerState::Connected), worker(n, WorkerState::Disconnected)])),
            200,
        ),
    ];
    deeds.map(Arc::new).into()
}

/// What a scheduler can say to a worker.
pub(crate) fn to_a_worker() -> Vec<Arc<Deed>> {
    let nowhere = |host: &str| {
        let storage = StorageAddress { host: host.to_owned(), port: 1, scheme: "tcp\n".to_owned() };
        Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho { storage })
    };
    let id = |number: usize| TaskId::from(format!("task {number:011}").as_bytes());
    let task = |number: usize, priority: i32| {
        let mut metadata = vec![0];
        metadata.extend(priority.to_be_bytes());
        metadata.push(0);
        let argument = Argument { kind: ArgumentKind::Object, data: b"no id of an object".to_vec().into() };
        Message::Task(Task {
            id: id(number),
            source: ClientId::from(&b"Client|nobody"[..]),
            metadata: metadata.into(),
            function: ObjectId::from(&[7_u8; 32][..]),
            arguments: vec![argument],
            ..Task::default()
        })
    };
    let cancel = |number: usize| Message::TaskCancel(TaskCancel { id: id(number), force: true });
    let long = TaskId::from(vec![b'x'; 1 << 20].as_slice());
    let deeds = [
        deed("a storage that is nowhere", b"", Then::Close).and(framed(&nowhere(&"x".repeat(10_000))), 100),
        deed("20,000 tasks of nothing", &all((0..20_000).map(|number| task(number, 0))), Then::Stall),
        deed(
            "tasks of ever higher priorities",
            &all((0..2000).map(|number| task(number, i32::try_from(number).unwrap_or(0)))),
            Then::Stall,
        ),
        deed("cancels of what never was", &all((0..50_000).map(cancel)), Then::Stall),
        deed("cancels of the same, over and over", &framed(&task(1, 0)), Then::Stall)
            .and(framed(&cancel(1)).repeat(100), 100),
        deed("ids of a megabyte", b"", Then::Close)
            .and(framed(&Message::TaskCancel(TaskCancel { id: long, force: false })), 50),
    ];
    deeds.map(Arc::new).into()
}

/// What an object storage can answer.
pub(crate) fn of_a_storage() -> Vec<Arc<Deed>> {
    let header = |payload_length: u64, response_id: u64| {
        let object = ObjectId::from(&[7_u8; 32][..]);
        let kind = ObjectResponseKind::GetOk;
        let header = ObjectResponseHeader { object, payload_length, response_id, kind };
        frame(&header.encode().expect("it can be said"))
    };
    let deeds = [
        deed("an answer of 2^63 bytes", &header(1 << 63, 1), Then::Stall),
        deed("another length than was said", &[header(10, 1), frame(&[0; 11])].concat(), Then::Stall),
        deed("answers to what nobody asked", b"", Then::Close)
            .and([header(1 << 16, 9), frame(&[0; 1 << 16])].concat(), 1 << 10),
        deed("answers of nothing", b"", Then::Close).and(header(0, 9).repeat(1 << 10), 20),
    ];
    deeds.map(Arc::new).into()
}
