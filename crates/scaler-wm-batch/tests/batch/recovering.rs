//! What a process finds of an earlier one.

use std::time::Duration;

use scaler_wm_core::{CancelOutcome, Close, TaskExecutor as _, TaskJournal as _, TaskOutcome};
use tokio::time::{sleep, timeout};

use crate::{
    fake::Next,
    world::{World, returned, submission, task},
};

#[tokio::test(start_paused = true)]
async fn jobs_of_a_process_that_was_killed_are_found() {
    let world = World::new(|_| {});
    let tickets = world.submit(vec![submission("done", 1), submission("runs", 1)]).await;
    let tickets: Vec<_> = tickets.into_iter().map(|(_, answer)| answer.unwrap()).collect();
    world.journal.handed_over(&tickets).await.unwrap();
    // Killed before anybody has heard what came of it.
    world.submitted(&["unheard"]).await;
    world.fake.succeed("job-0000:0", b"done");
    let world = world.restarted();
    assert_eq!(world.recover().await.unwrap(), [task("done"), task("runs"), task("unheard")]);
    assert_eq!(returned(&world.next().await), b"done");
    world.fake.succeed("job-0001", b"unheard");
    assert_eq!(returned(&world.next().await), b"unheard");
    world.executor.cancel(&[task("runs")], true).await;
    world.executor.close(Close::Cancel).await.unwrap();
    assert!(world.fake.keys().is_empty(), "{:?}", world.fake.keys());
}

#[tokio::test(start_paused = true)]
async fn what_was_put_for_a_job_that_never_came_goes() {
    let world = World::new(|_| {});
    world.fake.script("submitjob", [Next::LosesRequest; 10]);
    // Killed in the middle.
    let tasks = vec![submission("a", 1), submission("b", 1)];
    assert!(timeout(Duration::from_secs(2), world.submit(tasks)).await.is_err());
    assert_eq!(world.fake.keys().len(), 2);
    let world = world.restarted();
    assert!(world.recover().await.unwrap().is_empty());
    assert!(world.fake.keys().is_empty(), "{:?}", world.fake.keys());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_lists_do_not_show_so_far_is_found_too() {
    let world = World::new(|_| {});
    world.fake.lag(Duration::from_secs(3));
    world.submitted(&["a"]).await;
    let world = world.restarted();
    assert_eq!(world.recover().await.unwrap(), [task("a")]);
}

#[tokio::test(start_paused = true)]
async fn what_was_canceled_is_not_found_and_what_nobody_knows_is_lost() {
    let world = World::new(|_| {});
    let mut tickets = Vec::new();
    for name in ["canceled", "forgotten"] {
        tickets.push(world.submit(vec![submission(name, 30_000)]).await.remove(0).1.unwrap());
    }
    world.journal.handed_over(&tickets).await.unwrap();
    let canceled = world.executor.cancel(&[task("canceled")], true).await;
    assert!(matches!(canceled[..], [(_, Ok(CancelOutcome::Canceled))]));
    world.fake.forget("job-0001");
    let world = world.restarted();
    assert_eq!(world.recover().await.unwrap(), [task("forgotten")], "it may only be hidden");
    assert!(matches!(world.next().await.outcome, TaskOutcome::Again(_)));
    assert!(world.fake.keys().is_empty(), "{:?}", world.fake.keys());
}

#[tokio::test(start_paused = true)]
async fn kept_jobs_run_on() {
    let world = World::new(|_| {});
    world.submitted(&["a"]).await;
    let (late, closed) = tokio::join!(world.submit(vec![submission("late", 1)]), async {
        sleep(Duration::from_millis(100)).await;
        world.executor.close(Close::Keep).await
    });
    assert!(closed.is_ok() && late[0].1.is_err(), "what waits for others does not go out");
    assert_eq!((world.fake.jobs().len(), world.fake.calls("terminatejob").len()), (1, 0));
    let world = world.restarted();
    assert_eq!(world.recover().await.unwrap(), [task("a")]);
}
