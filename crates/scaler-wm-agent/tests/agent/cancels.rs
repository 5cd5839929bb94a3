//! Cancels in every state.

use std::time::Duration;

use scaler_wm_conformance::NextSubmit;
use scaler_wm_core::ErrorKind;
use scaler_wm_wire::{
    Version,
    message::{CancelOutcome, ResultOutcome},
};

use crate::world::{A_WHILE, World, long, object, short, task};

#[tokio::test]
async fn what_waits_is_canceled_and_never_starts() {
    for force in [false, true] {
        let mut world = World::with_agent(Version::V2, |_| {}).await;
        for name in ["a", "b", "c"] {
            world.submit(name, &long()).await;
        }
        world.running(&["a", "b"]).await;
        assert_eq!(world.cancel("c", force).await, CancelOutcome::Canceled);
        world.cluster.finish(&task("a"));
        world.result("a").await;
        assert!(world.scheduler.is_told_nothing(A_WHILE).await);
        assert_eq!(world.cluster.begun(), [task("a"), task("b")]);
    }
}

#[tokio::test]
async fn what_runs_is_canceled_by_force_only() {
    let mut world = World::with_agent(Version::V2, |config| config.concurrency = 1.try_into().unwrap()).await;
    world.submit("a", &long()).await;
    world.submit("b", &short("next")).await;
    world.running(&["a"]).await;
    assert_eq!(world.cancel("a", false).await, CancelOutcome::Failed);
    assert_eq!(world.cluster.running(), [task("a")]);
    assert_eq!(world.cancel("a", true).await, CancelOutcome::Canceled);
    // Its place is free, and nothing follows of it.
    assert_eq!(world.result("b").await.1, "next");
    assert_eq!(world.cluster.canceled(), [task("a")]);
    assert!(world.scheduler.is_told_nothing(A_WHILE).await);
}

#[tokio::test]
async fn what_has_not_been_handed_over_is_canceled_whatever_is_awaited() {
    for force in [false, true] {
        let mut world = World::with_agent(Version::V2, |config| config.concurrency = 1.try_into().unwrap()).await;
        // Its argument does not exist.
        world.keep("missing", &short("late"));
        world.storage.state().objects.remove(&object("a missing"));
        world.submit_as_kept("missing", 0).await;
        world.scheduler.heartbeats(2).await;
        assert_eq!(world.cancel("missing", force).await, CancelOutcome::Canceled);

        // Nobody takes it for now.
        world.cluster.script([NextSubmit::Fails(ErrorKind::Throttled)]);
        world.submit("throttled", &short("late")).await;
        let cluster = world.cluster.clone();
        world.scheduler.until("a try", |_| cluster.submits() == 1).await;
        world.scheduler.heartbeats(1).await;
        assert_eq!(world.cancel("throttled", force).await, CancelOutcome::Canceled);

        world.submit("other", &short("well")).await;
        assert_eq!(world.result("other").await.1, "well");
        assert_eq!(world.cluster.begun(), [task("other")]);
    }
}

#[tokio::test]
async fn what_is_being_handed_over_is_canceled() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.cluster.delay_submits(Duration::from_millis(300));
    world.submit("a", &long()).await;
    let cluster = world.cluster.clone();
    world.scheduler.until("the call", |_| cluster.submits() == 1).await;
    assert_eq!(world.cancel("a", true).await, CancelOutcome::Canceled);
    assert!(world.scheduler.is_told_nothing(A_WHILE * 2).await);
    assert!(world.cluster.running().is_empty());
}

#[tokio::test]
async fn what_nobody_has_is_not_found() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("done", &short("well")).await;
    world.result("done").await;
    for force in [false, true] {
        assert_eq!(world.cancel("never", force).await, CancelOutcome::NotFound);
        assert_eq!(world.cancel("done", force).await, CancelOutcome::NotFound);
    }
}

#[tokio::test]
async fn what_is_about_to_be_told_comes_behind_the_answer() {
    for force in [false, true] {
        let mut world = World::with_agent(Version::V2, |_| {}).await;
        world.submit("a", &long()).await;
        world.running(&["a"]).await;
        // It has ended, and the storage does not say that it has the result.
        world.storage.state().is_mute = true;
        let before = world.storage.state().objects.len();
        world.cluster.finish(&task("a"));
        loop {
            world.scheduler.heartbeats(1).await;
            if world.storage.state().objects.len() > before {
                break;
            }
        }
        let outcome = world.cancel("a", force).await;
        if force {
            assert_eq!(outcome, CancelOutcome::Canceled);
            assert!(world.scheduler.is_told_nothing(A_WHILE).await);
        } else {
            assert_eq!(outcome, CancelOutcome::Failed);
            world.storage.state().is_mute = false;
            world.storage.vanish();
            world.storage.listen().await;
            assert_eq!(world.result("a").await, (ResultOutcome::Success, "late".into()));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_canceled_goes_on() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("a", &long()).await;
    world.running(&["a"]).await;
    world.cluster.set_deaf(true);
    world.ask_cancel("a", true).await;
    assert_eq!(world.confirmed("a").await, CancelOutcome::Failed);
    world.cluster.finish(&task("a"));
    assert_eq!(world.result("a").await.1, "late");
}
