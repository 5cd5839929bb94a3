//! Tasks that come back, in both versions.

use std::time::Duration;

use scaler_wm_agent::payload::exception;
use scaler_wm_conformance::{NextSubmit, Work, raised};
use scaler_wm_core::{ErrorKind, TaskJournal};
use scaler_wm_wire::{Version, message::ResultOutcome};

use crate::world::{A_WHILE, INTERVAL, World, long, short, task};

#[tokio::test]
async fn a_task_comes_back_in_each_version() {
    for version in Version::ALL {
        let mut world = World::with_agent(version, |_| {}).await;
        let heartbeat = world.scheduler.heartbeats[0].clone();
        assert_eq!((heartbeat.queue_size, heartbeat.queued_tasks, heartbeat.task_lock), (7, 0, false));
        assert_eq!(heartbeat.manager_id, "manager");
        assert!(heartbeat.agent.rss > 0 && heartbeat.rss_free > 0);

        world.submit("one", &short("first")).await;
        assert_eq!(world.result("one").await, (ResultOutcome::Success, "first".into()));
        world.submit("two", &Work::Raises("no".to_owned())).await;
        assert_eq!(world.result("two").await, (ResultOutcome::Failed, raised("no")));
        // Once the scheduler surely knows, nothing is kept of them.
        world.scheduler.heartbeats(2).await;
        assert_eq!(world.cluster.released(), [task("one"), task("two")]);
        assert!(world.journal.tasks().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_short_task_is_answered_beside_a_long_one() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("long", &long()).await;
    world.running(&["long"]).await;
    world.submit("short", &short("here")).await;
    assert_eq!(world.result("short").await.1, "here");
    assert_eq!(world.cluster.running(), [task("long")]);
}

#[tokio::test]
async fn a_task_that_was_lost_by_no_fault_of_its_own_is_handed_over_again() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("unlucky", &long()).await;
    for tries in 1..=2 {
        world.running(&["unlucky"]).await;
        assert_eq!(world.cluster.begun().len(), tries);
        world.cluster.cut_short(&task("unlucky"));
    }
    world.running(&["unlucky"]).await;
    world.cluster.finish(&task("unlucky"));
    assert_eq!(world.result("unlucky").await, (ResultOutcome::Success, "late".into()));
    world.scheduler.heartbeats(2).await;
    assert_eq!((world.cluster.begun().len(), world.cluster.released()), (3, vec![task("unlucky")]));
    assert!(world.journal.tasks().await.unwrap().is_empty());
}

#[tokio::test]
async fn heartbeats_tell_the_true_load() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    for name in ["a", "b", "c", "d", "e"] {
        world.submit(name, &long()).await;
    }
    world.running(&["a", "b"]).await;
    world.scheduler.heartbeats(2).await;
    let heartbeat = world.scheduler.heartbeats.pop().unwrap();
    assert_eq!((heartbeat.queued_tasks, heartbeat.task_lock), (3, true));
    let mut tasks: Vec<_> = heartbeat.processors.iter().map(|one| one.current_task.as_bytes().to_vec()).collect();
    tasks.sort();
    assert_eq!(tasks, [b"a", b"b"]);
    assert!(heartbeat.processors.iter().all(|one| one.has_task && one.initialized && !one.suspended));
}

#[tokio::test]
async fn no_heartbeat_goes_out_before_the_last_was_answered() {
    let mut world = World::new(Version::V2, |_| {}).await;
    world.scheduler.echoes = false;
    world.launch().await;
    world.scheduler.heartbeats(1).await;
    assert!(world.scheduler.is_told_nothing(INTERVAL * 6).await);
    assert_eq!(world.scheduler.heartbeats.len(), 1);
    world.scheduler.echo_now().await;
    world.scheduler.heartbeats(1).await;
}

#[tokio::test]
async fn what_comes_before_the_first_echo_waits() {
    let mut world = World::new(Version::V2, |_| {}).await;
    world.scheduler.echoes = false;
    world.launch().await;
    world.scheduler.heartbeats(1).await;
    // Where its inputs are is not known yet.
    world.submit("early", &short("well")).await;
    assert!(world.scheduler.is_told_nothing(A_WHILE).await);
    world.scheduler.echo_now().await;
    assert_eq!(world.result("early").await.1, "well");
}

#[tokio::test]
async fn what_has_no_result_comes_back_as_an_exception_that_says_why() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("lost", &long()).await;
    world.running(&["lost"]).await;
    world.cluster.lose(&task("lost"));
    let expected = "failed to run a task (failed): failed to run a task (failed): its machine is gone";
    let (outcome, bytes) = world.result("lost").await;
    assert_eq!((outcome, bytes), (ResultOutcome::Failed, exception(expected)));

    world.cluster.script([NextSubmit::Fails(ErrorKind::Invalid)]);
    world.submit("refused", &short("never")).await;
    let refused = exception("failed to submit a task (invalid): the test says so");
    assert_eq!(world.result("refused").await, (ResultOutcome::Failed, refused));
    assert_eq!(world.cluster.begun(), [task("lost")]);
}

#[tokio::test]
async fn what_cannot_be_taken_now_is_handed_over_again() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.cluster.script([
        NextSubmit::Fails(ErrorKind::Throttled),
        NextSubmit::LosesReply,
        NextSubmit::Fails(ErrorKind::Transient),
    ]);
    world.submit("again", &short("at last")).await;
    assert_eq!(world.result("again").await.1, "at last");
    assert_eq!(world.cluster.begun(), [task("again")], "a lost reply is no second task");
    assert!(world.scheduler.is_told_nothing(A_WHILE).await, "nor a second result");
}

#[tokio::test]
async fn garbage_from_the_scheduler_is_skipped() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    for garbage in [&b""[..], b"no message", &[0xff; 64]] {
        world.scheduler.send_frame(garbage.to_vec()).await;
    }
    world.submit("after", &short("well")).await;
    assert_eq!(world.result("after").await.1, "well");
}

#[tokio::test]
async fn tasks_that_are_ready_together_are_handed_over_together() {
    let mut world = World::with_agent(Version::V2, |config| config.concurrency = 50.try_into().unwrap()).await;
    world.cluster.delay_submits(Duration::from_millis(20));
    for index in 0..50 {
        world.submit(&format!("{index}"), &long()).await;
    }
    let cluster = world.cluster.clone();
    world.scheduler.until("all to run", |_| cluster.running().len() == 50).await;
    assert!(cluster.submits() < 50, "{} calls", cluster.submits());
}
