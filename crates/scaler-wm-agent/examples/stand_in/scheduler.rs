//! A scheduler for one worker: it gives it tasks, and hears what comes of them.

use std::error::Error;

use bytes::Bytes;
use scaler_wm_core::{Address, Scheme};
use scaler_wm_wire::{
    Message, Version,
    message::{
        Argument, ArgumentKind, ClientId, ObjectId, ResultOutcome, StorageAddress, Task, TaskId, TaskResult,
        WorkerHeartbeat, WorkerHeartbeatEcho,
    },
    storage::{StorageClient, StorageSettings},
    ymq::{BindOptions, Binder, BinderEvent, ConnectOptions, Identity, Reconnect},
};

/// The client in whose name it gives tasks.
const CLIENT: &[u8] = b"Client|stand-in";
/// The serializer of released clients, pickled.
const SERIALIZER: &[u8] = b"\x80\x02cscaler.client.serializer.default\nDefaultSerializer\n.";
/// A function, as that makes it.
const FUNCTION: &[u8] = b"\x80\x02cbuiltins\nlen\n.";
/// More frames than are ever queued for the worker.
const QUEUE: usize = 1 << 20;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What it has heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A heartbeat, which was answered; so many tasks wait in the worker.
    Beat(u32),
    /// A task has ended; whether well.
    Ended(TaskId, bool),
}

/// A scheduler for one worker. Objects are in a real object storage.
#[derive(Debug)]
pub(crate) struct Scheduler {
    binder: Binder,
    storage: StorageClient,
    echo: Bytes,
    worker: Option<Identity>,
}

impl Scheduler {
    /// Listens at a free port of loopback, and stores what all tasks have in common.
    pub(crate) async fn start(storage: Address) -> Result<Self> {
        let free = Address { scheme: Scheme::Tcp, host: "127.0.0.1".to_owned(), port: Some(0), path: None };
        let options = BindOptions { peer_queue: QUEUE, ..BindOptions::default() };
        let binder = Binder::bind(&free, &Identity::from("stand-in"), Version::V2, options).await?;
        let address = StorageAddress {
            scheme: storage.scheme.as_str().to_owned(),
            host: storage.host.clone(),
            port: storage.port.unwrap_or_default(),
        };
        let echo = Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho { storage: address }).encode(Version::V2)?.into();
        let storage = StorageClient::start(StorageSettings {
            identity: Identity::from("stand-in"),
            address: Some(storage),
            connect: ConnectOptions::default(),
            reconnect: Reconnect::default(),
            seed: 0,
        });
        let client = ClientId::from(CLIENT);
        storage.set(ObjectId::of_serializer(&client), Bytes::from_static(SERIALIZER)).await?;
        storage.set(ObjectId::of(&client, [0; 16]), Bytes::from_static(FUNCTION)).await?;
        Ok(Self { binder, storage, echo, worker: None })
    }

    /// Where the worker is to connect to.
    pub(crate) const fn address(&self) -> &Address {
        self.binder.address()
    }

    /// New tasks, each with an argument of so many bytes of its own.
    pub(crate) async fn tasks(&self, count: usize, bytes: u32) -> Result<Vec<Task>> {
        let client = ClientId::from(CLIENT);
        let mut tasks = Vec::with_capacity(count);
        for _ in 0..count {
            let argument = self.store(bytes).await?;
            tasks.push(Task {
                id: TaskId(Bytes::copy_from_slice(&fastrand::u128(..).to_be_bytes())),
                source: client.clone(),
                metadata: Bytes::from_static(&[0; 6]),
                function: ObjectId::of(&client, [0; 16]),
                arguments: vec![Argument { kind: ArgumentKind::Object, data: argument.0 }],
                ..Task::default()
            });
        }
        Ok(tasks)
    }

    /// Stores an object of so many bytes.
    pub(crate) async fn store(&self, bytes: u32) -> Result<ObjectId> {
        let object = ObjectId::of(&ClientId::from(CLIENT), fastrand::u128(..).to_be_bytes());
        self.storage.set(object.clone(), pickled(bytes)).await?;
        Ok(object)
    }

    /// Gives the worker tasks.
    pub(crate) fn give(&self, tasks: &[Task]) -> Result<()> {
        let worker = self.worker.as_ref().ok_or("no worker is there")?;
        for task in tasks {
            self.binder.try_send(worker, Message::Task(task.clone()).encode(Version::V2)?.into())?;
        }
        Ok(())
    }

    /// What the worker says next.
    pub(crate) async fn next(&mut self) -> Result<Heard> {
        loop {
            let frame = match self.binder.next().await {
                Some(BinderEvent::Connected(worker)) => {
                    self.worker = Some(worker);
                    continue;
                }
                Some(BinderEvent::Frame(_, frame)) => frame,
                Some(BinderEvent::Gone(_, error)) => return Err(format!("the worker has gone: {error:?}").into()),
                Some(BinderEvent::Refused(error)) => return Err(error.into()),
                None => return Err("nobody can connect any more".into()),
            };
            match Message::decode(&frame, Version::V2)? {
                Message::WorkerHeartbeat(WorkerHeartbeat { queued_tasks, .. }) => {
                    if let Some(worker) = &self.worker {
                        self.binder.try_send(worker, self.echo.clone())?;
                    }
                    return Ok(Heard::Beat(queued_tasks));
                }
                Message::TaskResult(TaskResult { id, outcome, .. }) => {
                    return Ok(Heard::Ended(id, outcome == ResultOutcome::Success));
                }
                _ => {}
            }
        }
    }
}

/// So many random bytes, pickled.
fn pickled(bytes: u32) -> Bytes {
    let mut pickle = b"\x80\x03B".to_vec();
    pickle.extend_from_slice(&bytes.to_le_bytes());
    pickle.extend((0..bytes).map(|_| fastrand::u8(..)));
    pickle.push(b'.');
    pickle.into()
}
