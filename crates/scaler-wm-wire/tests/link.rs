//! The whole link against a binder that plays the scheduler.
#![expect(clippy::unwrap_used, reason = "a failure of a test helper fails the test")]

mod common;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{Place, event, within};
use scaler_wm_core::{Clock, LinkEvent, Load, ManagerId, Request, SchedulerLink, Wish, WorkerId};
use scaler_wm_wire::{
    Message, Version,
    link::{LinkSettings, ScalerLink},
    message::{
        Capability, ConcurrencyRequest, DisconnectRequest, DisconnectResponse, StateScheduler, StateTask, StateWorker,
        TaskCount, TaskId, TaskState, WorkerManagerCommand, WorkerState,
    },
    ymq::{Binder, BinderEvent, Identity},
};
use tokio::time::Instant;
use tracing::subscriber::DefaultGuard;

fn manager() -> Identity {
    Identity::from("1|manager|x")
}

fn settings(scheduler: &Binder, monitor: Option<&Binder>) -> LinkSettings {
    LinkSettings {
        monitor: monitor.map(|monitor| monitor.address().clone()),
        capabilities: "gpu=2,linux".parse().unwrap(),
        ..LinkSettings::new(scheduler.address().clone(), manager(), ManagerId::from("m"), 7)
    }
}

async fn receive(binder: &mut Binder, version: Version) -> (Identity, Message) {
    loop {
        if let BinderEvent::Frame(peer, frame) = event(binder).await {
            return (peer, Message::decode(&frame, version).unwrap());
        }
    }
}

async fn send(binder: &Binder, peer: &Identity, message: &Message, version: Version) {
    binder.send(peer, message.encode(version).unwrap().into()).await.unwrap();
}

async fn beat(binder: &mut Binder, version: Version) -> Instant {
    let (peer, message) = receive(binder, version).await;
    assert_eq!(peer, manager());
    let Message::WorkerManagerHeartbeat(heartbeat) = message else { panic!("no heartbeat but {message:?}") };
    assert_eq!(heartbeat.max_task_concurrency, 7);
    assert_eq!(heartbeat.manager_id, &b"m"[..]);
    let capability = |name: &str, value| Capability { name: name.to_owned(), value };
    assert_eq!(heartbeat.capabilities, [capability("gpu", 2), capability("linux", -1)]);
    Instant::now()
}

async fn echo(binder: &Binder, version: Version) {
    send(binder, &manager(), &Message::WorkerManagerHeartbeatEcho, version).await;
}

fn command(task_concurrency: u32) -> Message {
    let capabilities = vec![Capability { name: "linux".to_owned(), value: -1 }];
    let requests = vec![ConcurrencyRequest { task_concurrency, capabilities }];
    Message::WorkerManagerCommand(WorkerManagerCommand { requests })
}

async fn load(link: &mut ScalerLink, wanted: impl Fn(&Load) -> bool) -> Load {
    within(async {
        loop {
            if let LinkEvent::Load(load) = link.next().await
                && wanted(&load)
            {
                return load;
            }
        }
    })
    .await
}

fn worker(name: &str, state: WorkerState) -> Message {
    Message::StateWorker(StateWorker { worker: WorkerId::from(name), state, capabilities: Vec::new() })
}

fn task(state: TaskState, worker: &str) -> Message {
    let task = TaskId::from(&b"0123456789abcdef"[..]);
    Message::StateTask(StateTask { worker: WorkerId::from(worker), ..StateTask::new(task, state) })
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn capture() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn count(&self, part: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(part).count()
    }
}

#[tokio::test]
async fn beats_go_out_and_wishes_come_in_over_restarts() {
    for version in Version::ALL {
        let place = Place::ipc();
        let mut binder = place.bind(version).await;
        let mut link = ScalerLink::start(settings(&binder, None), Clock::system());
        for _ in 0..2 {
            beat(&mut binder, version).await;
            echo(&binder, version).await;
            send(&binder, &manager(), &command(3), version).await;
            assert!(matches!(within(link.next()).await, LinkEvent::Up));
            let request = Request { task_concurrency: 3, capabilities: "linux".parse().unwrap() };
            let LinkEvent::Wish(wish) = within(link.next()).await else { panic!("no wish") };
            assert_eq!(wish, Wish::Follow(vec![request]));

            drop(binder);
            let LinkEvent::Down(reason) = within(link.next()).await else { panic!("it must be down") };
            assert!(reason.contains("closed the connection"), "{reason}");
            binder = place.bind(version).await;
        }
    }
}

#[tokio::test]
async fn says_what_is_wrong_once_for_each_cause() {
    let (log, _guard) = Log::capture();
    let version = Version::V2;
    let mut binder = Place::tcp().bind(version).await;
    let fast = LinkSettings { heartbeat_interval: Duration::from_millis(200), ..settings(&binder, None) };
    let _link = ScalerLink::start(fast, Clock::system());
    // No echo for 1 s.
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2500) {
        beat(&mut binder, version).await;
    }
    assert_eq!(log.count("another manager with the same worker_manager_id"), 1);
    // Echoes but no command.
    assert_eq!(log.count("will not start any worker"), 0);
    for _ in 0..6 {
        beat(&mut binder, version).await;
        echo(&binder, version).await;
    }
    beat(&mut binder, version).await;
    assert_eq!(log.count("will not start any worker"), 1);
}

#[tokio::test]
async fn says_nothing_where_commands_come() {
    let (log, _guard) = Log::capture();
    let version = Version::V2;
    let mut binder = Place::tcp().bind(version).await;
    let fast = LinkSettings { heartbeat_interval: Duration::from_millis(100), ..settings(&binder, None) };
    let _link = ScalerLink::start(fast, Clock::system());
    for _ in 0..8 {
        beat(&mut binder, version).await;
        echo(&binder, version).await;
        send(&binder, &manager(), &command(0), version).await;
    }
    beat(&mut binder, version).await;
    assert_eq!(log.count("will not start any worker"), 0);
}

#[tokio::test]
async fn the_monitor_tells_the_load_and_hastens_heartbeats() {
    for version in Version::ALL {
        let mut binder = Place::tcp().bind(version).await;
        let mut monitor = Place::tcp().bind(version).await;
        let slow = LinkSettings { heartbeat_interval: Duration::from_secs(3600), ..settings(&binder, Some(&monitor)) };
        let mut link = ScalerLink::start(slow, Clock::system());
        let first = beat(&mut binder, version).await;
        let BinderEvent::Connected(listener) = event(&mut monitor).await else { panic!("nobody listens") };
        let live = load(&mut link, |load| load.live_since.is_some()).await;
        assert!(live.workers.is_empty());

        send(&monitor, &listener, &task(TaskState::Inactive, ""), version).await;
        let second = beat(&mut binder, version).await;
        let third = beat(&mut binder, version).await;
        for pair in [second - first, third - second] {
            assert!(pair >= Duration::from_millis(240), "{pair:?}");
        }
        load(&mut link, |load| load.waiting == 1).await;
        send(&monitor, &listener, &worker("w", WorkerState::Connected), version).await;
        send(&monitor, &listener, &task(TaskState::Running, "w"), version).await;
        let id = WorkerId::from("w");
        load(&mut link, |load| load.waiting == 0 && load.workers.get(&id).is_some_and(|load| load.running == 1)).await;
        send(&monitor, &listener, &task(TaskState::Success, ""), version).await;
        load(&mut link, |load| load.workers.get(&id).is_some_and(scaler_wm_core::WorkerLoad::is_idle)).await;
        let tasks = vec![TaskCount { state: 0, count: 9 }];
        let report = Message::StateScheduler(Box::new(StateScheduler { tasks, ..StateScheduler::default() }));
        send(&monitor, &listener, &report, version).await;
        load(&mut link, |load| load.waiting == 9).await;

        drop(monitor);
        load(&mut link, |load| load.live_since.is_none()).await;
    }
}

#[tokio::test]
async fn a_nudge_brings_the_next_heartbeat() {
    let version = Version::V2;
    let mut binder = Place::tcp().bind(version).await;
    let slow = LinkSettings { heartbeat_interval: Duration::from_secs(3600), ..settings(&binder, None) };
    let link = ScalerLink::start(slow, Clock::system());
    let first = beat(&mut binder, version).await;
    for _ in 0..100 {
        link.nudge();
    }
    assert!(beat(&mut binder, version).await - first >= Duration::from_millis(240));
}

#[tokio::test]
async fn a_dead_worker_is_reported_in_its_own_name() {
    for version in Version::ALL {
        let mut binder = Place::tcp().bind(version).await;
        let link = ScalerLink::start(settings(&binder, None), Clock::system());
        beat(&mut binder, version).await;
        let dead = WorkerId::from("Worker|w");
        link.worker_gone(dead.clone());
        let (peer, message) = receive(&mut binder, version).await;
        assert_eq!(peer.as_bytes(), dead.as_bytes());
        match version {
            Version::V2 => assert_eq!(message, Message::WorkerDisconnectNotification),
            Version::V1 => {
                assert_eq!(message, Message::DisconnectRequest(DisconnectRequest { worker: dead.clone() }));
                let answer = Message::DisconnectResponse(DisconnectResponse { worker: dead });
                send(&binder, &peer, &answer, version).await;
            }
        }
        loop {
            if let BinderEvent::Gone(gone, error) = event(&mut binder).await {
                assert_eq!(gone, peer);
                assert!(error.is_none(), "{error:?}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_reset_is_followed_by_another_try() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let scheduler = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    let settings = LinkSettings { monitor: None, ..LinkSettings::new(scheduler, manager(), ManagerId::from("m"), 1) };
    let mut link = ScalerLink::start(settings, Clock::system());
    let (mut stream, _) = within(listener.accept()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"YMQ\x02\x01\0\0\0\0\0\0\0s").await.unwrap();
    // The magic of the link: it is in the middle of its greeting, or beyond.
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut [0; 4]).await.unwrap();
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert!(matches!(within(link.next()).await, LinkEvent::Down(_)));
    within(listener.accept()).await.unwrap();
}
