//! Returning machines.

use std::time::Duration;

use scaler_wm_core::{ErrorKind, Exit, Provider, Stop, StopAnswer, UnitId, UnitState};
use serde_json::json;

use crate::fake::{Next, Rig};

const POST: &str = "POST /api/v1/machines/return";

async fn answers(rig: &Rig, units: &[UnitId]) -> Vec<Result<StopAnswer, ErrorKind>> {
    let mut answers = rig.provider.stop(units, Stop::Now).await;
    answers.sort_by_key(|(unit, _)| units.iter().position(|other| other == unit));
    answers.into_iter().map(|(_, answer)| answer.map_err(|error| error.kind())).collect()
}

async fn exits(rig: &mut Rig) -> Vec<(UnitId, Exit)> {
    let mut exits = Vec::new();
    for _ in 0..3 {
        for unit in rig.look().await.units {
            if let UnitState::Gone(exit) = &unit.state {
                exits.push((unit.id.clone(), exit.clone()));
            }
        }
    }
    exits
}

#[tokio::test(start_paused = true)]
async fn all_go_in_one_call_and_are_stopping_until_they_are_gone() {
    let mut rig = Rig::new().await;
    let units = rig.running(3).await;
    assert_eq!(answers(&rig, &units[..2]).await, [Ok(StopAnswer::Accepted); 2]);
    assert_eq!(rig.fake.calls(POST), [json!({"machine_ids": ["i-0000", "i-0001"]})]);
    // Asked again, they are on their way already.
    assert_eq!(answers(&rig, &units[..2]).await, [Ok(StopAnswer::Accepted); 2]);
    assert_eq!(rig.fake.calls(POST).len(), 1);
    let stopping = rig.provider.observe(&[]).await.unwrap().units;
    assert_eq!(stopping.iter().filter(|unit| unit.state == UnitState::Stopping).count(), 2);
    let exits = exits(&mut rig).await;
    assert_eq!(exits.len(), 2);
    assert!(exits.iter().all(|(_, exit)| exit.asked && exit.sure && !exit.is_crash()));
    assert_eq!(rig.fake.running(), ["i-0002"]);
}

#[tokio::test(start_paused = true)]
async fn a_return_that_is_complete_counts_but_says_nothing_of_workers() {
    let mut rig = Rig::new().await;
    let units = rig.running(1).await;
    rig.fake.forgets_returned();
    answers(&rig, &units).await;
    let exits = exits(&mut rig).await;
    assert_eq!(exits.len(), 1);
    assert!(exits[0].1.asked && !exits[0].1.sure);
}

#[tokio::test(start_paused = true)]
async fn other_ways_of_stopping_are_not_supported_and_call_nothing() {
    let mut rig = Rig::new().await;
    let units = rig.running(1).await;
    for how in [Stop::IfIdle, Stop::HandBack(Duration::from_secs(1)), Stop::Relieve, Stop::Resume, Stop::Hold] {
        let answers = rig.provider.stop(&units, how).await;
        assert!(matches!(answers.as_slice(), [(_, Ok(StopAnswer::Unsupported))]), "{how:?}");
    }
    assert!(rig.fake.calls(POST).is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_there_keeps_no_other_from_going() {
    let mut rig = Rig::new().await;
    let units = rig.running(3).await;
    rig.fake.loses(units[1].as_str());
    assert_eq!(
        answers(&rig, &units).await,
        [Ok(StopAnswer::Accepted), Err(ErrorKind::NotFound), Ok(StopAnswer::Accepted)]
    );
    assert_eq!(exits(&mut rig).await.len(), 2);
    assert!(rig.fake.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_return_whose_answer_was_lost_is_found_done() {
    let mut rig = Rig::new().await;
    let units = rig.running(2).await;
    rig.fake.script(POST, [Next::LosesReply]);
    assert_eq!(answers(&rig, &units).await, [Err(ErrorKind::Transient); 2]);
    // The server refuses the second call, as they are being returned.
    assert_eq!(answers(&rig, &units).await, [Ok(StopAnswer::Accepted); 2]);
    assert_eq!(exits(&mut rig).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn failures_to_ask_are_told_with_their_class() {
    let mut rig = Rig::new().await;
    let units = rig.running(1).await;
    rig.fake.script(POST, [Next::Answers(403, json!({"detail": "Access denied"})), Next::Hangs]);
    assert_eq!(answers(&rig, &units).await, [Err(ErrorKind::Denied)]);
    assert_eq!(answers(&rig, &units).await, [Err(ErrorKind::Transient)]);
    assert_eq!(rig.look().await.units[0].state, UnitState::Running);
}

#[tokio::test(start_paused = true)]
async fn machines_that_a_return_failed_for_run_on_and_are_asked_again() {
    let mut rig = Rig::new().await;
    let units = rig.running(1).await;
    rig.fake.returns_fail(true);
    assert_eq!(answers(&rig, &units).await, [Ok(StopAnswer::Accepted)]);
    assert!(exits(&mut rig).await.is_empty());
    assert_eq!(rig.look().await.units[0].state, UnitState::Running);
    rig.fake.returns_fail(false);
    assert_eq!(answers(&rig, &units).await, [Ok(StopAnswer::Accepted)]);
    assert_eq!(exits(&mut rig).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_a_return_left_out_does_not_count_as_gone() {
    let mut rig = Rig::new().await;
    let units = rig.running(2).await;
    rig.fake.skips(units[0].as_str());
    answers(&rig, &units).await;
    let exits = exits(&mut rig).await;
    assert_eq!(exits.len(), 1);
    assert_eq!(exits[0].0, units[1]);
    assert_eq!(rig.look().await.units[0].id, units[0]);
}
