//! Another process takes up where the last one ended.

use std::time::Duration;

use scaler_wm_core::{ExitCause, LaunchId, Provider, TaskJournal, UnitState, WorkerId, WorkerMatch};
use scaler_wm_wire::Version;

use crate::world::{A_WHILE, World, long, short, task};

#[tokio::test]
async fn a_task_that_comes_back_is_attached_to_what_runs() {
    for version in Version::ALL {
        let mut world = World::with_agent(version, |_| {}).await;
        for name in ["running", "ended"] {
            world.submit(name, &long()).await;
        }
        world.running(&["running", "ended"]).await;
        world.restart().await;
        world.cluster.finish(&task("ended"));
        world.scheduler.workers.clear();
        world.launch().await;
        world.scheduler.until("the new agent", |scheduler| !scheduler.workers.is_empty()).await;
        for name in ["running", "ended"] {
            world.submit_as_kept(name, 0).await;
        }
        assert_eq!(world.result("ended").await.1, "late");
        world.cluster.finish(&task("running"));
        assert_eq!(world.result("running").await.1, "late");
        assert_eq!(world.cluster.begun(), [task("running"), task("ended")], "each once");
        world.scheduler.heartbeats(2).await;
        assert!(world.journal.tasks().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_result_that_was_told_to_nobody_is_told_by_the_next_process() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    // It ends, and cannot be stored.
    world.storage.state().is_mute = true;
    world.submit("a", &short("well")).await;
    let before = world.storage.state().objects.len();
    while world.storage.state().objects.len() == before {
        world.scheduler.heartbeats(1).await;
    }
    // Its end comes before the answer that it is there.
    world.cluster.delay_submits(Duration::from_millis(50));
    world.restart().await;
    world.storage.state().is_mute = false;
    world.scheduler.workers.clear();
    world.launch().await;
    world.scheduler.until("the new agent", |scheduler| !scheduler.workers.is_empty()).await;
    world.submit_as_kept("a", 0).await;
    assert_eq!(world.result("a").await.1, "well");
    assert_eq!(world.cluster.begun(), [task("a")]);
}

#[tokio::test]
async fn what_nobody_asks_for_is_canceled_and_off_the_record() {
    let mut world = World::with_agent(Version::V2, |config| config.pick_up_within = Duration::from_millis(300)).await;
    for name in ["running", "ended"] {
        world.submit(name, &long()).await;
    }
    world.running(&["running", "ended"]).await;
    // Nobody has lived to see that it was taken, and it was not.
    world.journal.handing_over(&[task("never")]).await.unwrap();
    world.restart().await;
    world.cluster.finish(&task("ended"));
    let (cluster, journal) = (world.cluster.clone(), world.journal.clone());
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    while !journal.tasks().await.unwrap().is_empty() {
        assert!(tokio::time::Instant::now() < until, "it stays on record");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((cluster.canceled(), cluster.released()), (vec![task("running")], vec![task("ended")]));
}

#[tokio::test]
async fn agents_of_an_earlier_process_are_told_as_gone() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    let unit = world.units().await[0].clone();
    let launch = unit.launch.clone().unwrap();
    world.restart().await;
    assert!(world.units().await.is_empty());
    world.provider.remember_launch(&launch, std::slice::from_ref(&unit.id));
    let gone = world.units().await;
    assert_eq!(gone.len(), 1);
    let UnitState::Gone(exit) = &gone[0].state else { panic!("it is gone: {gone:?}") };
    assert!(exit.sure && !exit.asked && matches!(exit.cause, ExitCause::Lost(_)));
    assert_eq!(gone[0].workers, WorkerMatch::Exact(WorkerId::from(unit.id.as_str())));
    assert!(world.units().await.is_empty(), "once");
}

#[tokio::test]
async fn an_open_launch_of_an_earlier_process_brings_nobody_back() {
    let mut world = World::new(Version::V2, |_| {}).await;
    let launch = world.provider.prepare(2.try_into().unwrap(), &Default::default(), Default::default()).unwrap();
    world.restart().await;
    let launched = world.provider.launch(&launch).await.unwrap();
    assert_eq!(launched.units.len(), 2);
    assert!(launched.units.iter().all(|unit| matches!(unit.state, UnitState::Gone(_))));
    assert!(world.scheduler.is_told_nothing(A_WHILE).await);
    assert!(world.scheduler.workers.is_empty());
    let unknown = scaler_wm_core::Launch { id: LaunchId::from("x"), spec: vec![0xff].into(), ..launch };
    assert!(world.provider.launch(&unknown).await.is_err());
}
