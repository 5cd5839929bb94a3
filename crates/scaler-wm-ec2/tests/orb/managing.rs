//! The loop over this provider.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{LinkHandle, MemoryLink};
use scaler_wm_core::{
    Capabilities, Clock, ErrorKind, Journal, Limit, Manager, ManagerId, Provider, Result, Sizing,
    manager::{Settings, Summary},
};
use scaler_wm_journal::MemoryJournal;
use serde_json::json;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    fake::{Fake, Next, Rig},
    lines::Lines,
};

const POST: &str = "POST /api/v1/machines/request";

struct Bench {
    fake: Fake,
    link: LinkHandle,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary>>,
}

impl Bench {
    async fn start(fake: &Fake, journal: &Arc<MemoryJournal>) -> Self {
        let provider = fake.provider().await;
        let (link, handle) = MemoryLink::new();
        let settings = Settings {
            manager: ManagerId::from("m1"),
            sizing: Sizing::new(Limit::Unlimited, provider.info(), Capabilities::default()),
            scale_down_cooldown: Duration::ZERO,
            drain_timeout: Duration::from_secs(300),
            stop_timeout: Duration::from_secs(30),
            rebalances: false,
            keeps_units: false,
            ledger: None,
            seed: 7,
        };
        let journal = Arc::clone(journal);
        let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal, Clock::system());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(manager.run(stopped));
        handle.up();
        Self { fake: fake.clone(), link: handle, stop, running }
    }

    async fn until_running(&self, count: usize) {
        let there = async {
            while self.fake.running().len() != count {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let outcome = timeout(Duration::from_secs(400), there).await;
        assert!(outcome.is_ok(), "{} instead of {count}", self.fake.running().len());
    }

    async fn end(self) -> Summary {
        drop(self.stop);
        self.running.await.unwrap().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_asked_for_and_what_died_is_replaced_and_all_is_returned() {
    let fake = Fake::default();
    fake.ends("partial", 2, 1);
    let bench = Bench::start(&fake, &Arc::default()).await;
    bench.link.wish(5);
    bench.until_running(5).await;
    let asked: Vec<_> = fake.calls(POST).iter().map(|body| body["count"].clone()).collect();
    assert_eq!(asked, [5, 3]);
    let dead = fake.running()[1].clone();
    fake.cloud(&dead, "terminated");
    bench.until_running(5).await;
    assert!(!fake.running().contains(&dead));
    // No more than the template allows.
    bench.link.wish(1_000);
    bench.until_running(20).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.running().len(), 20);
    let summary = bench.end().await;
    assert_eq!((summary.left_behind.len(), fake.running().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_answer_was_lost_is_not_made_again_as_the_same() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, &Arc::default()).await;
    fake.script(POST, [Next::LosesReply]);
    bench.link.wish(1);
    // Its machine is nobody's, since the receipt is lost: another takes its place.
    timeout(Duration::from_secs(60), async {
        while fake.running().is_empty() {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(fake.calls(POST), [json!({"template_id": "t1", "count": 1}), json!({"template_id": "t1", "count": 1})]);
    bench.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_who_may_not_ask_is_told_so_at_the_first_request() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, &Arc::default()).await;
    fake.is_viewer();
    bench.link.wish(1);
    let error = bench.running.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("`operator`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_next_process_follows_up_receipts() {
    let fake = Fake::default();
    let journal = Arc::default();
    fake.ends("complete", 3, 30);
    let first = Bench::start(&fake, &journal).await;
    first.link.wish(3);
    sleep(Duration::from_secs(5)).await;
    first.running.abort();
    assert!(fake.running().is_empty());
    let next = Bench::start(&fake, &journal).await;
    next.link.wish(3);
    next.until_running(3).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!((fake.calls(POST).len(), fake.running().len()), (1, 3));
    assert!(next.end().await.left_behind.is_empty());
    assert!(fake.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_next_process_tells_of_a_launch_without_a_receipt_and_forgets_it() {
    let (lines, _guard) = Lines::taken();
    let journal = Arc::new(MemoryJournal::default());
    let rig = Rig::new().await;
    let (lost, taken) = (rig.prepare(3), rig.prepare(2));
    for launch in [&lost, &taken] {
        journal.open(launch).await.unwrap();
    }
    let receipt = rig.provider.launch(&taken).await.unwrap().receipt.unwrap();
    journal.receipt(&taken.id, &receipt).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    let next = Bench::start(&rig.fake, &journal).await;
    next.link.wish(2);
    next.until_running(2).await;
    sleep(Duration::from_secs(30)).await;
    let text = lines.text();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("WARN") && line.contains("on record")).collect();
    let words = [format!("launch={}", lost.id), "units=3".to_owned(), "age_seconds=".to_owned()];
    assert!(told.len() == 1 && words.iter().all(|word| told[0].contains(word)), "{text}");
    assert!(journal.load().await.unwrap().iter().all(|entry| entry.launch.id == taken.id));
    next.end().await;
}

#[tokio::test(start_paused = true)]
async fn machines_on_record_do_not_outlive_a_manager_that_nobody_wants_anything_of() {
    let fake = Fake::default();
    let journal = Arc::default();
    let first = Bench::start(&fake, &journal).await;
    first.link.wish(3);
    first.until_running(3).await;
    sleep(Duration::from_secs(30)).await;
    first.running.abort();
    let next = Bench::start(&fake, &journal).await;
    next.link.wish(0);
    next.until_running(0).await;
    assert!(next.end().await.left_behind.is_empty());
}

#[tokio::test(start_paused = true)]
async fn machines_stay_on_record_however_often_a_process_dies() {
    let fake = Fake::default();
    let journal = Arc::default();
    let first = Bench::start(&fake, &journal).await;
    first.link.wish(3);
    first.until_running(3).await;
    sleep(Duration::from_secs(30)).await;
    let machines = fake.running();
    first.running.abort();
    for _ in 0..3 {
        let next = Bench::start(&fake, &journal).await;
        next.link.wish(3);
        sleep(Duration::from_secs(400)).await;
        assert_eq!((fake.running(), fake.calls(POST).len()), (machines.clone(), 1));
        next.running.abort();
    }
    let last = Bench::start(&fake, &journal).await;
    sleep(Duration::from_secs(30)).await;
    assert!(last.end().await.left_behind.is_empty());
    assert!(fake.running().is_empty());
}
