//! How an agent goes.

use std::time::Duration;

use scaler_wm_core::{ExitCause, Provider, Stop, StopAnswer, UnitState};
use scaler_wm_wire::{
    Message, Version,
    message::{ClientDisconnect, DisconnectKind},
};

use crate::world::{A_WHILE, World, long, short, task};

async fn is_farewell(world: &mut World) -> bool {
    matches!(world.scheduler.told().await, Message::DisconnectRequest(_) | Message::WorkerDisconnectNotification)
}

async fn has_gone(world: &mut World) -> bool {
    let unit = world.gone().await;
    matches!(&unit.state, UnitState::Gone(exit) if exit.asked && exit.sure && exit.cause == ExitCause::Code(0))
}

#[tokio::test]
async fn an_idle_agent_says_farewell_in_each_version() {
    for version in Version::ALL {
        let mut world = World::with_agent(version, |_| {}).await;
        assert_eq!(world.stop(Stop::IfIdle).await, StopAnswer::Accepted);
        assert!(is_farewell(&mut world).await);
        assert!(has_gone(&mut world).await);
    }
}

#[tokio::test]
async fn a_busy_agent_does_not_leave_unless_told_to() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("a", &long()).await;
    world.running(&["a"]).await;
    assert_eq!(world.stop(Stop::IfIdle).await, StopAnswer::Busy);
    assert_eq!(world.stop(Stop::Relieve).await, StopAnswer::Busy, "nothing waits");
    assert_eq!(world.stop(Stop::Now).await, StopAnswer::Accepted);
    assert!(is_farewell(&mut world).await, "and no result");
    assert_eq!(world.cluster.canceled(), [task("a")]);
    assert!(has_gone(&mut world).await);
}

#[tokio::test]
async fn an_agent_that_hands_back_finishes_what_runs_and_leaves_what_waits() {
    for how in [Stop::HandBack(Duration::from_secs(600)), Stop::Relieve] {
        let mut world = World::with_agent(Version::V2, |_| {}).await;
        for name in ["a", "b", "waiting"] {
            world.submit(name, &long()).await;
        }
        world.running(&["a", "b"]).await;
        assert_eq!(world.stop(how).await, StopAnswer::Accepted);
        world.cluster.finish(&task("a"));
        world.result("a").await;
        assert!(world.scheduler.is_told_nothing(A_WHILE).await, "the other one runs on");
        world.cluster.finish(&task("b"));
        world.result("b").await;
        assert!(is_farewell(&mut world).await);
        assert!(has_gone(&mut world).await);
        assert_eq!(world.cluster.begun(), [task("a"), task("b")]);
    }
}

#[tokio::test]
async fn a_hand_back_is_over_in_time_or_taken_back() {
    let mut world = World::with_agent(Version::V2, |config| config.concurrency = 1.try_into().unwrap()).await;
    for name in ["a", "b"] {
        world.submit(name, &long()).await;
    }
    world.running(&["a"]).await;
    assert_eq!(world.stop(Stop::HandBack(Duration::from_secs(600))).await, StopAnswer::Accepted);
    assert_eq!(world.stop(Stop::Resume).await, StopAnswer::Accepted);
    world.cluster.finish(&task("a"));
    world.result("a").await;
    world.running(&["b"]).await;
    assert_eq!(world.stop(Stop::HandBack(Duration::from_millis(100))).await, StopAnswer::Accepted);
    assert!(is_farewell(&mut world).await);
    assert_eq!(world.cluster.canceled(), [task("b")]);
    assert!(has_gone(&mut world).await);
}

#[tokio::test]
async fn a_held_agent_starts_nothing() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    assert_eq!(world.stop(Stop::Hold).await, StopAnswer::Accepted);
    world.submit("a", &short("well")).await;
    assert!(world.scheduler.is_told_nothing(A_WHILE).await);
    assert_eq!(world.stop(Stop::Resume).await, StopAnswer::Accepted);
    assert_eq!(world.result("a").await.1, "well");
}

#[tokio::test]
async fn a_scheduler_that_shuts_down_takes_its_agents_with_it() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    let shutdown = ClientDisconnect { kind: DisconnectKind::Shutdown };
    world.scheduler.send(&Message::ClientDisconnect(shutdown)).await;
    assert!(is_farewell(&mut world).await);
    let unit = world.gone().await;
    assert!(matches!(&unit.state, UnitState::Gone(exit) if !exit.asked && exit.cause == ExitCause::Code(0)));
}

#[tokio::test]
async fn at_the_end_nothing_runs_on_unless_it_is_to_stay() {
    for stays in [false, true] {
        let mut world = World::with_agent(Version::V2, |_| {}).await;
        world.submit("a", &long()).await;
        world.running(&["a"]).await;
        if stays {
            world.provider.leave().await.unwrap();
            world.scheduler.until("the end of the connection", |scheduler| scheduler.gone == 1).await;
            assert!(world.scheduler.is_told_nothing(A_WHILE).await, "no farewell");
            assert_eq!(world.cluster.running(), [task("a")]);
        } else {
            world.provider.sweep().await.unwrap();
            assert!(world.cluster.running().is_empty());
        }
    }
}
