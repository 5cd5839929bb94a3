//! A scheduler that pushes its wishes.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{MemoryProvider, MemorySettings};
use scaler_wm_core::{
    Capabilities, Clock, ExitCause, Limit, LinkEvent, ManagerId, Provider, SchedulerLink, Sizing, Wish, WorkerId,
};
use scaler_wm_external::{
    GrpcLink, LinkHello, Listener,
    v1::{
        ConnectedWorker, ManagerMessage, SchedulerLoad, SchedulerMessage, SchedulerWish, WishedWork,
        external_scheduler_client::ExternalSchedulerClient, manager_message, scheduler_message::Message,
    },
};
use tempfile::TempDir;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Status, Streaming, transport::Endpoint};

const PATIENCE: Duration = Duration::from_secs(5);

fn serve(folder: &TempDir) -> (GrpcLink, String) {
    let listener = Listener::unix(&folder.path().join("link.sock")).unwrap();
    let address = listener.address().unwrap();
    let hello = LinkHello {
        manager: ManagerId::from("m"),
        task_concurrency_per_unit: 2,
        capabilities: "linux,gpu=1".parse().unwrap(),
    };
    (GrpcLink::serve(listener, &hello, Clock::system()).unwrap(), address)
}

/// A scheduler that is attached.
struct Scheduler {
    says: mpsc::UnboundedSender<SchedulerMessage>,
    hears: Streaming<ManagerMessage>,
}

impl Scheduler {
    async fn attach(address: &str) -> Self {
        let channel = Endpoint::from_shared(address.to_owned()).unwrap().connect().await.unwrap();
        let (says, messages) = mpsc::unbounded_channel();
        let mut client = ExternalSchedulerClient::new(channel);
        let hears = client.attach(UnboundedReceiverStream::new(messages)).await.unwrap().into_inner();
        let mut scheduler = Self { says, hears };
        let Ok(Some(manager_message::Message::Hello(hello))) = scheduler.next().await else { panic!("no hello") };
        assert_eq!((hello.manager.as_str(), hello.task_concurrency_per_unit), ("m", 2));
        assert_eq!((hello.capabilities["linux"], hello.capabilities["gpu"]), (-1, 1));
        scheduler
    }

    fn say(&self, message: Message) {
        self.says.send(SchedulerMessage { message: Some(message) }).unwrap();
    }

    fn wish(&self, task_concurrency: u32) {
        let work = vec![WishedWork { task_concurrency, ..WishedWork::default() }];
        self.say(Message::Wish(SchedulerWish { work, is_spare: false }));
    }

    async fn next(&mut self) -> Result<Option<manager_message::Message>, Status> {
        let next = timeout(PATIENCE, self.hears.message()).await.expect("a message");
        next.map(|message| message.and_then(|message| message.message))
    }
}

async fn next(link: &mut GrpcLink) -> LinkEvent {
    timeout(PATIENCE, link.next()).await.expect("an event")
}

#[tokio::test]
async fn what_is_pushed_is_what_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut link, address) = serve(&folder);
    timeout(Duration::from_millis(100), link.next()).await.expect_err("nothing before a scheduler is there");
    let scheduler = Scheduler::attach(&address).await;
    assert!(matches!(next(&mut link).await, LinkEvent::Up));
    let work = vec![WishedWork { task_concurrency: 3, capabilities: [("gpu".to_owned(), 1)].into() }];
    scheduler.say(Message::Wish(SchedulerWish { work, is_spare: true }));
    let LinkEvent::Wish(Wish::Spare(requests)) = next(&mut link).await else { panic!("no wish") };
    assert_eq!(requests[0].task_concurrency, 3);
    assert_eq!(requests[0].capabilities, "gpu=1".parse::<Capabilities>().unwrap());
    let worker = ConnectedWorker { worker: b"w|1".to_vec(), running: 1, queued: 2, running_since_ms: Some(5) };
    scheduler.say(Message::Load(SchedulerLoad { workers: vec![worker], waiting: 7 }));
    let LinkEvent::Load(load) = next(&mut link).await else { panic!("no load") };
    let of_worker = &load.workers[&WorkerId::from("w|1")];
    assert_eq!((of_worker.running, of_worker.queued, load.waiting), (1, 2, 7));
    assert!(load.live_since.is_some_and(|since| since <= of_worker.as_of));
    scheduler.say(Message::Close("the market is closed".to_owned()));
    for _ in 0..2 {
        let LinkEvent::Closed(reason) = next(&mut link).await else { panic!("not closed") };
        assert!(reason.contains("the market is closed"));
    }
}

#[tokio::test]
async fn a_scheduler_that_goes_takes_its_load_along_and_the_next_hears_who_died() {
    let folder = tempfile::tempdir().unwrap();
    let (mut link, address) = serve(&folder);
    let mut first = Scheduler::attach(&address).await;
    assert!(matches!(next(&mut link).await, LinkEvent::Up));
    link.worker_gone(WorkerId::from("w 1"));
    link.nudge();
    let Ok(Some(manager_message::Message::WorkerGone(dead))) = first.next().await else { panic!("no report") };
    assert_eq!(dead.worker, b"w 1");
    assert!(matches!(first.next().await, Ok(Some(manager_message::Message::Nudge(_)))));
    drop(first);
    assert!(matches!(next(&mut link).await, LinkEvent::Load(load) if load.live_since.is_none()));
    assert!(matches!(next(&mut link).await, LinkEvent::Down(_)));
    link.worker_gone(WorkerId::from("w 2"));
    let mut second = Scheduler::attach(&address).await;
    assert!(matches!(next(&mut link).await, LinkEvent::Up));
    let Ok(Some(manager_message::Message::WorkerGone(dead))) = second.next().await else { panic!("no report") };
    assert_eq!(dead.worker, b"w 2");
}

#[tokio::test]
async fn of_two_the_later_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut link, address) = serve(&folder);
    let mut first = Scheduler::attach(&address).await;
    let second = Scheduler::attach(&address).await;
    assert_eq!(first.next().await.unwrap_err().code(), Code::Aborted);
    for _ in 0..2 {
        assert!(matches!(next(&mut link).await, LinkEvent::Up));
    }
    first.wish(1);
    second.wish(2);
    let LinkEvent::Wish(Wish::Follow(requests)) = next(&mut link).await else { panic!("no wish") };
    assert_eq!(requests[0].task_concurrency, 2);
    drop(first);
    timeout(Duration::from_millis(200), link.next()).await.expect_err("the end of one that does not count");
}

#[tokio::test]
async fn a_manager_follows_it() {
    use scaler_wm_core::manager::Settings;

    let folder = tempfile::tempdir().unwrap();
    let memory = MemoryProvider::new(MemorySettings::default(), Clock::system());
    let sizing = Sizing::new(Limit::AtMost(4), memory.info(), Capabilities::default());
    let listener = Listener::unix(&folder.path().join("link.sock")).unwrap();
    let address = listener.address().unwrap();
    let hello = LinkHello { task_concurrency_per_unit: 2, ..LinkHello::new(ManagerId::from("m"), &sizing) };
    let hello = LinkHello { capabilities: "linux,gpu=1".parse().unwrap(), ..hello };
    let link = GrpcLink::serve(listener, &hello, Clock::system()).unwrap();
    let settings = Settings {
        manager: ManagerId::from("m"),
        sizing,
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(5),
        stop_timeout: Duration::from_secs(1),
        keeps_units: false,
        ledger: None,
        rebalances: false,
        seed: 1,
    };
    let journal = Arc::new(scaler_wm_journal::MemoryJournal::new());
    let manager =
        scaler_wm_core::Manager::new(settings, Arc::new(memory.clone()), Box::new(link), journal, Clock::system());
    let (stop, was_stopped) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(manager.run(was_stopped));
    let mut scheduler = Scheduler::attach(&address).await;
    scheduler.wish(3);
    let until = async |count: usize| {
        timeout(PATIENCE, async {
            while memory.units().len() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{count} units, not {:?}", memory.units()));
    };
    until(3).await;
    let dead = memory.units()[0].clone();
    memory.kill(&dead, ExitCause::Signal(9));
    let told = timeout(PATIENCE, async {
        loop {
            if let Ok(Some(manager_message::Message::WorkerGone(dead))) = scheduler.next().await {
                return dead.worker;
            }
        }
    });
    assert_eq!(told.await.unwrap(), MemoryProvider::worker_of(&dead).as_bytes());
    scheduler.wish(0);
    until(0).await;
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
