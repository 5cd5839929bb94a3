//! A scheduler that a test speaks for.

use std::{collections::VecDeque, time::Duration};

use scaler_wm_core::Address;
use scaler_wm_wire::{
    Message, Version,
    message::{DisconnectResponse, StorageAddress, WorkerHeartbeat, WorkerHeartbeatEcho},
    ymq::{BindOptions, Binder, BinderEvent, Identity},
};
use tokio::time::timeout;

/// Longer than anything takes; a test that waits for so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A scheduler that answers heartbeats by itself, and keeps what else it is told until a test asks.
pub(crate) struct Scheduler {
    binder: Option<Binder>,
    address: Address,
    version: Version,
    storage: Address,
    /// Whether heartbeats are answered.
    pub(crate) echoes: bool,
    pub(crate) heartbeats: Vec<WorkerHeartbeat>,
    pub(crate) workers: Vec<Identity>,
    pub(crate) gone: usize,
    told: VecDeque<Message>,
}

impl Scheduler {
    pub(crate) async fn start(version: Version, storage: Address) -> Self {
        let anywhere = "tcp://127.0.0.1:1".parse().expect("an address");
        let mut scheduler = Self {
            binder: None,
            address: Address { port: Some(0), ..anywhere },
            version,
            storage,
            echoes: true,
            heartbeats: Vec::new(),
            workers: Vec::new(),
            gone: 0,
            told: VecDeque::new(),
        };
        scheduler.listen("scheduler").await;
        scheduler
    }

    /// Listens, at the same place as before, under this name.
    pub(crate) async fn listen(&mut self, name: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        let binder = loop {
            let bound = Binder::bind(&self.address, &Identity::from(name), self.version, BindOptions::default()).await;
            match bound {
                Ok(binder) => break binder,
                // Its connections of before may not be gone yet.
                Err(error) if tokio::time::Instant::now() > until => panic!("{error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        self.address = binder.address().clone();
        self.workers.clear();
        self.binder = Some(binder);
    }

    /// Goes away with all connections.
    pub(crate) fn vanish(&mut self) {
        self.binder = None;
    }

    pub(crate) fn address(&self) -> Address {
        self.address.clone()
    }

    pub(crate) fn worker(&self) -> Identity {
        self.workers.last().expect("a worker is there").clone()
    }

    /// Cuts the connection of the last worker.
    pub(crate) fn cut(&mut self) {
        let worker = self.worker();
        self.binder.as_ref().expect("it listens").disconnect(&worker).expect("it is connected");
    }

    pub(crate) async fn send(&self, message: &Message) {
        self.send_frame(message.encode(self.version).expect("a message of this version")).await;
    }

    pub(crate) async fn send_frame(&self, frame: Vec<u8>) {
        self.binder.as_ref().expect("it listens").send(&self.worker(), frame.into()).await.expect("a worker");
    }

    async fn echo(&self, worker: &Identity) {
        let port = self.storage.port.expect("TCP");
        let storage = StorageAddress { host: self.storage.host.clone(), port, scheme: "tcp".to_owned() };
        let echo = Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho { storage });
        let frame = echo.encode(self.version).expect("a message of this version");
        // It may be gone by now.
        let _ = self.binder.as_ref().expect("it listens").send(worker, frame.into()).await;
    }

    /// Answers the heartbeat that was left without an answer.
    pub(crate) async fn echo_now(&self) {
        self.echo(&self.worker()).await;
    }

    /// Takes the next thing that happens.
    pub(crate) async fn happens(&mut self) {
        match self.binder.as_mut().expect("it listens").next().await.expect("it goes on listening") {
            BinderEvent::Connected(worker) => self.workers.push(worker),
            BinderEvent::Gone(..) => self.gone += 1,
            BinderEvent::Refused(error) => panic!("{error}"),
            BinderEvent::Frame(worker, frame) => match Message::decode(&frame, self.version).expect("a message") {
                Message::WorkerHeartbeat(heartbeat) => {
                    self.heartbeats.push(heartbeat);
                    if self.echoes {
                        self.echo(&worker).await;
                    }
                }
                message => {
                    if let Message::DisconnectRequest(request) = &message {
                        let answer = Message::DisconnectResponse(DisconnectResponse { worker: request.worker.clone() });
                        let frame = answer.encode(self.version).expect("a message of version 1");
                        let _ = self.binder.as_ref().expect("it listens").send(&worker, frame.into()).await;
                    }
                    self.told.push_back(message);
                }
            },
        }
    }

    /// The next thing that it is told, heartbeats apart.
    pub(crate) async fn told(&mut self) -> Message {
        timeout(PATIENCE, async {
            loop {
                if let Some(message) = self.told.pop_front() {
                    return message;
                }
                self.happens().await;
            }
        })
        .await
        .expect("to be told something")
    }

    /// Goes on until something holds.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        timeout(PATIENCE, async {
            while !holds(self) {
                self.happens().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("it does not happen: {what}"));
    }

    /// Goes on for a while; whether it was told nothing, heartbeats apart.
    pub(crate) async fn is_told_nothing(&mut self, within: Duration) -> bool {
        let heard = timeout(within, async {
            while self.told.is_empty() {
                self.happens().await;
            }
        });
        heard.await.is_err()
    }

    /// Lets so many heartbeats pass.
    pub(crate) async fn heartbeats(&mut self, count: usize) {
        let before = self.heartbeats.len();
        self.until("heartbeats", |scheduler| scheduler.heartbeats.len() >= before + count).await;
    }
}
