//! Looking at what is there.

use std::time::Duration;

use scaler_wm_core::{ErrorKind, ExitCause, LaunchId, Provider, Stop, UnitId, UnitState};
use serde_json::json;

use crate::fake::{Next, Rig, outcome, unexpected};

#[tokio::test(start_paused = true)]
async fn a_machine_that_died_is_noticed_although_its_request_is_final() {
    let mut rig = Rig::new().await;
    let units = rig.running(3).await;
    rig.fake.cloud(units[1].as_str(), "terminated");
    let observed = rig.look().await;
    let gone: Vec<_> = observed.units.iter().filter(|unit| matches!(unit.state, UnitState::Gone(_))).collect();
    let [gone] = gone.as_slice() else { panic!("{observed:?}") };
    let UnitState::Gone(exit) = &gone.state else { panic!("{gone:?}") };
    assert_eq!((&gone.id, exit.asked, exit.sure), (&units[1], false, true));
    assert!(matches!(exit.cause, ExitCause::Lost(_)));
    assert_eq!(rig.look().await.units.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_look_asks_about_one_machine_of_each_request_and_not_too_often() {
    let mut rig = Rig::new().await;
    rig.running(5).await;
    let refreshes = || rig.fake.calls("GET /api/v1/machines/i-").len();
    let before = refreshes();
    for _ in 0..10 {
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(rig.provider.observe(&[]).await.unwrap().units.len(), 5);
    }
    assert_eq!(refreshes() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn many_requests_have_their_turns() {
    let mut rig = Rig::new().await;
    for _ in 0..40 {
        rig.launch(1).await;
    }
    for _ in 0..4 {
        assert_eq!(rig.look().await.units.len(), 40);
    }
    let before = rig.fake.calls("GET").len();
    assert_eq!(rig.look().await.units.len(), 40);
    assert!(rig.fake.calls("GET").len() - before <= 32);
    for id in rig.fake.running() {
        rig.fake.cloud(&id, "terminated");
    }
    for _ in 0..3 {
        rig.look().await;
    }
    assert!(rig.look().await.units.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_without_an_answer_hides_nothing() {
    let mut rig = Rig::new().await;
    let units = rig.running(2).await;
    let get = "GET /api/v1/machines";
    let throttled = Next::Answers(429, json!({"error": {"message": "Too many requests."}}));
    rig.fake.script(get, [Next::Refused, Next::Hangs, throttled, Next::Answers(401, json!({}))]);
    for kind in [ErrorKind::Transient, ErrorKind::Transient, ErrorKind::Throttled, ErrorKind::Denied] {
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(rig.provider.observe(&[]).await.unwrap_err().kind(), kind);
    }
    assert_eq!(rig.look().await.units.len(), units.len());
}

#[tokio::test(start_paused = true)]
async fn an_end_that_a_failed_look_has_seen_is_told_by_the_next() {
    let mut rig = Rig::new().await;
    let first = rig.running(1).await;
    rig.running(1).await;
    rig.fake.cloud(first[0].as_str(), "terminated");
    rig.fake.script("GET /api/v1/machines/i-0001", [Next::Refused]);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(rig.provider.observe(&[]).await.is_err());
    let observed = rig.look().await;
    assert!(observed.units.iter().any(|unit| unit.id == first[0] && matches!(unit.state, UnitState::Gone(_))));
}

#[tokio::test(start_paused = true)]
async fn one_machine_that_cannot_be_looked_at_hides_no_other() {
    let mut rig = Rig::new().await;
    rig.running(1).await;
    rig.running(1).await;
    rig.fake.script("GET /api/v1/machines/i-0000", [unexpected(), unexpected()]);
    rig.fake.cloud("i-0001", "terminated");
    let observed = rig.look().await;
    assert_eq!(observed.units.len(), 2);
    assert_eq!(observed.units.iter().filter(|unit| matches!(unit.state, UnitState::Gone(_))).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_machine_without_a_record_is_forgotten_in_the_end() {
    let mut rig = Rig::new().await;
    let units = rig.running(2).await;
    rig.fake.loses(units[0].as_str());
    assert_eq!(rig.look().await.units.len(), 2);
    assert_eq!(rig.look().await.units.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_of_an_earlier_process_brings_its_units() {
    let mut rig = Rig::new().await;
    rig.launch(2).await;
    let launch = rig.open[0].launch.id.clone();
    let mut next = rig.restarted().await;
    let observed = next.look().await;
    assert_eq!(outcome(&observed).units.len(), 2);
    assert!(observed.units.iter().all(|unit| unit.launch.as_ref() == Some(&launch)));
    assert_eq!(rig.fake.calls("POST").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn machines_on_record_are_found_again_with_a_few_calls_and_dead_ones_are_told() {
    let mut rig = Rig::new().await;
    let units = rig.running(6).await;
    rig.fake.cloud(units[2].as_str(), "terminated");
    let mut next = rig.restarted().await;
    let mut remembered = units.clone();
    remembered.push(UnitId::from("i-nobody"));
    next.provider.remember_launch(&LaunchId::from("earlier"), &remembered);
    let before = rig.fake.calls("GET").len();
    let observed = next.look().await;
    assert_eq!(observed.units.iter().filter(|unit| unit.state == UnitState::Running).count(), 5);
    assert_eq!(observed.units.len(), 6);
    // One of them refreshes all, one list tells of all, and one is not there; the look for what is due asks once more.
    assert!(rig.fake.calls("GET").len() - before <= 5, "{:?}", rig.fake.calls("GET").len() - before);
}

#[tokio::test(start_paused = true)]
async fn a_machine_on_record_that_cannot_be_asked_about_stays_on_record() {
    let mut rig = Rig::new().await;
    let units = rig.running(1).await;
    let mut next = rig.restarted().await;
    next.provider.remember_launch(&LaunchId::from("earlier"), &units);
    rig.fake.script("GET /api/v1/machines/i-0000", vec![unexpected(); 3]);
    assert_eq!(next.look().await.units.len(), 1);
    assert_eq!(next.look().await.units.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_somebody_stopped_is_returned() {
    let mut rig = Rig::new().await;
    let units = rig.running(2).await;
    rig.fake.cloud(units[0].as_str(), "stopped");
    let observed = rig.look().await;
    assert_eq!(rig.fake.calls("POST /api/v1/machines/return"), [json!({"machine_ids": [units[0].as_str()]})]);
    assert!(observed.units.iter().any(|unit| unit.id == units[0] && unit.state == UnitState::Stopping));
    rig.look().await;
    let observed = rig.look().await;
    assert!(observed.units.iter().any(|unit| unit.id == units[0] && matches!(unit.state, UnitState::Gone(_))));
    assert_eq!(rig.look().await.units.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_that_make_no_sense_end_nothing() {
    let senseless = [
        json!(null),
        json!("text"),
        json!(3),
        json!([]),
        json!([[{}]]),
        json!({}),
        json!({"requests": "none", "machines": {}, "machine_id": 4}),
        json!({"requests": [7], "machines": [{"machine_id": ""}, {}, null], "request_id": {}}),
        json!({"requests": [{"status": "complete", "machines": [{"status": "who knows"}], "machine_ids": [""]}]}),
    ];
    for answer in senseless {
        let mut rig = Rig::new().await;
        let units = rig.running(2).await;
        rig.launch(1).await;
        rig.fake.script("GET", vec![Next::Answers(200, answer.clone()); 4]);
        rig.fake.script("POST", vec![Next::Answers(200, answer.clone()); 9]);
        for _ in 0..2 {
            tokio::time::advance(Duration::from_secs(10)).await;
            let _ = rig.provider.observe(&rig.open).await;
        }
        let _ = rig.provider.launch(&rig.prepare(1)).await;
        let _ = rig.provider.stop(&units, Stop::Now).await;
        for _ in 0..4 {
            tokio::time::advance(Duration::from_secs(10)).await;
            let _ = rig.provider.observe(&[]).await;
        }
        let there = rig.provider.observe(&[]).await.unwrap().units;
        assert!(units.iter().all(|unit| there.iter().any(|other| other.id == *unit)), "{answer}: {there:?}");
        assert!(there.iter().all(|unit| !unit.id.as_str().is_empty()), "{answer}: {there:?}");
    }
}
