//! Connections that break, schedulers that come back, and others that take their place.

use std::time::Duration;

use scaler_wm_core::{ExitCause, UnitState};
use scaler_wm_wire::Version;

use crate::world::{A_WHILE, World, long, short, task};

#[tokio::test]
async fn a_result_that_may_not_have_arrived_is_told_again() {
    for version in Version::ALL {
        let mut world = World::with_agent(version, |_| {}).await;
        world.scheduler.heartbeats(2).await;
        world.scheduler.echoes = false;
        // The next heartbeat is not answered, so nobody knows whether what is told then has arrived.
        world.scheduler.heartbeats(1).await;
        world.submit("a", &short("well")).await;
        let first = world.result("a").await;
        world.scheduler.cut();
        world.scheduler.echoes = true;
        assert_eq!(world.result("a").await, first);
        // Now it has.
        world.scheduler.heartbeats(2).await;
        world.scheduler.cut();
        world.scheduler.heartbeats(2).await;
        assert!(world.scheduler.is_told_nothing(A_WHILE).await);
        assert_eq!(world.cluster.begun(), [task("a")]);
    }
}

#[tokio::test]
async fn what_ends_while_the_scheduler_is_away_is_told_when_it_is_back() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    for name in ["a", "b"] {
        world.submit(name, &long()).await;
    }
    world.running(&["a", "b"]).await;
    world.scheduler.vanish();
    world.cluster.finish(&task("a"));
    world.scheduler.listen("scheduler").await;
    assert_eq!(world.result("a").await.1, "late");
    world.cluster.finish(&task("b"));
    assert_eq!(world.result("b").await.1, "late");
}

#[tokio::test]
async fn another_scheduler_gets_only_what_it_asks_for() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    for name in ["a", "b", "waiting"] {
        world.submit(name, &long()).await;
    }
    world.running(&["a", "b"]).await;
    world.scheduler.vanish();
    world.scheduler.listen("another").await;
    world.scheduler.heartbeats(2).await;
    world.cluster.finish(&task("a"));
    assert!(world.scheduler.is_told_nothing(A_WHILE).await, "it knows nothing of that");
    let heartbeat = world.scheduler.heartbeats.last().unwrap();
    assert_eq!((heartbeat.queued_tasks, heartbeat.processors.len()), (0, 0));
    // It routes them again, under their old ids.
    for name in ["a", "b"] {
        world.submit_as_kept(name, 0).await;
    }
    assert_eq!(world.result("a").await.1, "late");
    world.cluster.finish(&task("b"));
    assert_eq!(world.result("b").await.1, "late");
    assert_eq!(world.cluster.begun(), [task("a"), task("b")], "each once");
}

#[tokio::test]
async fn what_nobody_asks_for_again_is_canceled() {
    let mut world = World::with_agent(Version::V2, |config| config.pick_up_within = Duration::from_millis(200)).await;
    world.submit("a", &long()).await;
    world.running(&["a"]).await;
    world.scheduler.vanish();
    world.scheduler.listen("another").await;
    let cluster = world.cluster.clone();
    world.scheduler.until("a cancel", |_| cluster.canceled() == [task("a")]).await;
}

#[tokio::test]
async fn an_agent_that_nobody_answers_ends() {
    let mut world = World::with_agent(Version::V2, |config| config.death_timeout = Duration::from_millis(500)).await;
    world.submit("a", &long()).await;
    world.running(&["a"]).await;
    world.scheduler.echoes = false;
    let unit = world.gone().await;
    let UnitState::Gone(exit) = &unit.state else { panic!("it is gone") };
    assert!(matches!(&exit.cause, ExitCause::Lost(why) if why.contains("has not answered")), "{exit}");
    assert!(!exit.asked && exit.sure);
    assert_eq!(world.cluster.running(), [task("a")], "somebody may ask for it again");
}
