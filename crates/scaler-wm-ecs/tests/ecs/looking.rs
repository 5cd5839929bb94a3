//! What is there, and what went.

use std::{num::NonZeroU32, time::Duration};

use scaler_wm_core::{ExitCause, Provider, Stop, StopAnswer, Timestamp, Unit, UnitId, UnitState};
use scaler_wm_ecs::EcsProvider;
use serde_json::json;
use tokio::time::Instant;

use crate::fake::{Fake, Next};

async fn start(provider: &EcsProvider, count: u32) -> Vec<UnitId> {
    let tier = provider.info().tiers[0].clone();
    let launch = provider.prepare(NonZeroU32::new(count).unwrap(), &tier, Timestamp::from_millis(0)).unwrap();
    provider.launch(&launch).await.unwrap().units.iter().map(|unit| unit.id.clone()).collect()
}

async fn look(provider: &EcsProvider) -> Vec<Unit> {
    provider.observe(&[]).await.unwrap().units.iter().map(|unit| (**unit).clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn another_process_finds_every_unit_page_by_page() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    for _ in 0..25 {
        start(&provider, 10).await;
    }
    let next = fake.provider(|_| {}).await.unwrap();
    let began = Instant::now();
    let found = look(&next).await;
    assert_eq!(found.len(), 250);
    assert!(found.iter().all(|unit| unit.launch.is_some()));
    assert_eq!((fake.calls("ListTasks").len(), fake.calls("DescribeTasks").len()), (3, 3));
    assert_eq!(began.elapsed(), Duration::ZERO, "within the burst");
}

#[tokio::test(start_paused = true)]
async fn units_of_another_manager_are_not_ours() {
    let fake = Fake::default();
    start(&fake.provider(|_| {}).await.unwrap(), 1).await;
    let other = fake.provider(|config| config.workers.manager = "m2".into()).await.unwrap();
    assert!(look(&other).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_no_list_has_is_asked_about_by_its_name() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let units = start(&provider, 2).await;
    // A list has only what is to run: an interrupted task is not in it.
    fake.change(
        units[0].as_str(),
        &json!({"desiredStatus": "STOPPED", "stopCode": "SpotInterruption", "stoppingAt": 1_000}),
    );
    let seen = look(&provider).await;
    let interrupted = seen.iter().find(|unit| unit.id == units[0]).unwrap();
    assert_eq!(interrupted.state, UnitState::Stopping);
    assert_eq!(interrupted.notice, Some(Timestamp::from_millis(1_120_000)));
    fake.change(
        units[0].as_str(),
        &json!({"lastStatus": "STOPPED", "stoppedReason": "Your Spot Task was interrupted."}),
    );
    let gone = look(&provider).await;
    let gone = gone.iter().find(|unit| unit.id == units[0]).unwrap();
    let UnitState::Gone(exit) = &gone.state else { panic!("{gone:?}") };
    assert_eq!(exit.cause, ExitCause::Lost("Your Spot Task was interrupted.".to_owned()));
    assert!(exit.sure && !exit.asked);
    assert_eq!(look(&provider).await.len(), 1, "its end is told once");
}

#[tokio::test(start_paused = true)]
async fn a_young_task_that_the_api_does_not_know_yet_is_not_gone() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.lag(Duration::from_secs(10));
    start(&provider, 1).await;
    assert!(look(&provider).await.is_empty(), "not a word about it, and no end either");
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(look(&provider).await[0].state, UnitState::Running);
}

#[tokio::test(start_paused = true)]
async fn units_on_record_are_asked_about_by_their_names_wherever_they_are() {
    let fake = Fake::default();
    let units = start(&fake.provider(|_| {}).await.unwrap(), 2).await;
    // One ends while nobody looks; no list has it any more.
    fake.kill(units[0].as_str());
    let next = fake.provider(|config| config.cluster = "another".to_owned()).await.unwrap();
    next.remember(&units);
    let seen = look(&next).await;
    assert_eq!(seen.len(), 2);
    let asked = fake.calls("DescribeTasks").pop().unwrap();
    assert_eq!(asked["cluster"], "c", "that of their names, not that of the settings");
    let ends = seen.iter().filter(|unit| matches!(unit.state, UnitState::Gone(_))).count();
    assert_eq!(ends, 1);
    next.stop(&units[1..], Stop::Now).await;
    assert_eq!(fake.calls("StopTask").pop().unwrap()["cluster"], "c");
}

#[tokio::test(start_paused = true)]
async fn stops_are_answered_each_by_itself() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let units = start(&provider, 3).await;
    fake.script("StopTask", [Next::Fails("ServerException", "try later")]);
    let answers = provider.stop(&units, Stop::Now).await;
    let accepted = answers.iter().filter(|(_, answer)| matches!(answer, Ok(StopAnswer::Accepted))).count();
    assert_eq!((accepted, fake.running().len()), (2, 1));
    for how in [Stop::IfIdle, Stop::Hold, Stop::HandBack(Duration::from_secs(9))] {
        let answers = provider.stop(&units[..1], how).await;
        assert!(matches!(answers[0].1, Ok(StopAnswer::Unsupported)));
    }
}
