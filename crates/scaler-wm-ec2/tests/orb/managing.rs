//! The loop over this provider.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{Managed, until};
use scaler_wm_core::{ErrorKind, Journal, Provider};
use scaler_wm_journal::MemoryJournal;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::{
    fake::{Fake, Next, Rig},
    lines::Lines,
};

const POST: &str = "POST /api/v1/machines/request";

async fn start(fake: &Fake, journal: &Arc<MemoryJournal>) -> Managed {
    Managed::start(fake.provider().await, None, Arc::<MemoryJournal>::clone(journal))
}

async fn until_running(fake: &Fake, count: usize) {
    until(count, || fake.running().len()).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_asked_for_and_what_died_is_replaced_and_all_is_returned() {
    let fake = Fake::default();
    fake.ends("partial", 2, 1);
    let bench = start(&fake, &Arc::default()).await;
    bench.wish(5);
    until_running(&fake, 5).await;
    let asked: Vec<_> = fake.calls(POST).iter().map(|body| body["count"].clone()).collect();
    assert_eq!(asked, [5, 3]);
    let dead = fake.running()[1].clone();
    fake.cloud(&dead, "terminated");
    until_running(&fake, 5).await;
    assert!(!fake.running().contains(&dead));
    // No more than the template allows.
    bench.wish(1_000);
    until_running(&fake, 20).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.running().len(), 20);
    let summary = bench.end().await.unwrap();
    assert_eq!((summary.left_behind.len(), fake.running().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_answer_was_lost_is_not_made_again_as_the_same() {
    let fake = Fake::default();
    let bench = start(&fake, &Arc::default()).await;
    fake.script(POST, [Next::LosesReply]);
    bench.wish(1);
    // Its machine is nobody's, since the receipt is lost: another takes its place.
    timeout(Duration::from_secs(60), async {
        while fake.running().is_empty() {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(fake.calls(POST), [json!({"template_id": "t1", "count": 1}), json!({"template_id": "t1", "count": 1})]);
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_who_may_not_ask_is_told_so_at_the_first_request() {
    let fake = Fake::default();
    let bench = start(&fake, &Arc::default()).await;
    fake.is_viewer();
    bench.wish(1);
    let error = bench.ended().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("`operator`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_next_process_follows_up_receipts() {
    let fake = Fake::default();
    let journal = Arc::default();
    fake.ends("complete", 3, 30);
    let first = start(&fake, &journal).await;
    first.wish(3);
    sleep(Duration::from_secs(5)).await;
    first.kill().await;
    assert!(fake.running().is_empty());
    let next = start(&fake, &journal).await;
    next.wish(3);
    until_running(&fake, 3).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!((fake.calls(POST).len(), fake.running().len()), (1, 3));
    assert!(next.end().await.unwrap().left_behind.is_empty());
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
    let next = start(&rig.fake, &journal).await;
    next.wish(2);
    until_running(&rig.fake, 2).await;
    sleep(Duration::from_secs(30)).await;
    let text = lines.text();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("WARN") && line.contains("on record")).collect();
    let words = [format!("launch={}", lost.id), "units=3".to_owned(), "age_seconds=".to_owned()];
    assert!(told.len() == 1 && words.iter().all(|word| told[0].contains(word)), "{text}");
    assert!(journal.load().await.unwrap().iter().all(|entry| entry.launch.id == taken.id));
    next.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn machines_on_record_do_not_outlive_a_manager_that_nobody_wants_anything_of() {
    let fake = Fake::default();
    let journal = Arc::default();
    let first = start(&fake, &journal).await;
    first.wish(3);
    until_running(&fake, 3).await;
    sleep(Duration::from_secs(30)).await;
    first.kill().await;
    let next = start(&fake, &journal).await;
    next.wish(0);
    until_running(&fake, 0).await;
    assert!(next.end().await.unwrap().left_behind.is_empty());
}

#[tokio::test(start_paused = true)]
async fn machines_stay_on_record_however_often_a_process_dies() {
    let fake = Fake::default();
    let journal = Arc::default();
    let first = start(&fake, &journal).await;
    first.wish(3);
    until_running(&fake, 3).await;
    sleep(Duration::from_secs(30)).await;
    let machines = fake.running();
    first.kill().await;
    for _ in 0..3 {
        let next = start(&fake, &journal).await;
        next.wish(3);
        sleep(Duration::from_secs(400)).await;
        assert_eq!((fake.running(), fake.calls(POST).len()), (machines.clone(), 1));
        next.kill().await;
    }
    let last = start(&fake, &journal).await;
    sleep(Duration::from_secs(30)).await;
    assert!(last.end().await.unwrap().left_behind.is_empty());
    assert!(fake.running().is_empty());
}
