//! Cancels, and the end.

use scaler_wm_core::{CancelOutcome, Close, ErrorKind, TaskExecutor as _};
use serde_json::json;

use crate::{
    fake::Next,
    world::{World, returned, submission, task},
};

#[tokio::test(start_paused = true)]
async fn a_whole_array_ends_by_one_call_and_a_child_by_its_own() {
    let world = World::new(|_| {});
    world.submitted(&["a", "b", "c"]).await;
    let job = world.fake.jobs().remove(0);
    world.fake.begin(&format!("{job}:0"));
    let answers = world.executor.cancel(&[task("a")], true).await;
    assert!(matches!(answers[..], [(_, Ok(CancelOutcome::Canceled))]));
    let answers = world.executor.cancel(&[task("b"), task("c")], true).await;
    assert!(answers.iter().all(|(_, answer)| matches!(answer, Ok(CancelOutcome::Canceled))));
    let ids: Vec<_> = world.fake.calls("terminatejob").iter().map(|call| call["jobId"].clone()).collect();
    assert_eq!(ids, [json!(format!("{job}:0")), json!(job)]);
    assert!(world.is_silent().await, "nobody is told");
    assert!(world.fake.keys().is_empty(), "{:?}", world.fake.keys());
}

#[tokio::test(start_paused = true)]
async fn without_force_only_those_go_that_wait() {
    let world = World::new(|_| {});
    world.submitted(&["a", "b"]).await;
    let job = world.fake.jobs().remove(0);
    world.fake.begin(&format!("{job}:0"));
    let answers = world.executor.cancel(&[task("a"), task("b")], false).await;
    assert!(matches!(answers[..], [(_, Ok(CancelOutcome::Running)), (_, Ok(CancelOutcome::Canceled))]), "{answers:?}");
    world.fake.succeed(&format!("{job}:0"), b"on");
    assert_eq!(returned(&world.next().await), b"on");
    assert!(world.is_silent().await, "nobody is told of the other one");
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_fails_leaves_the_task_as_it_was() {
    let world = World::new(|_| {});
    world.submitted(&["a"]).await;
    world.fake.script("terminatejob", [Next::Fails("AccessDeniedException", "no")]);
    let answer = world.executor.cancel(&[task("a")], true).await.remove(0).1;
    assert!(answer.is_err_and(|error| error.kind() == ErrorKind::Denied));
    world.fake.succeed(&world.fake.jobs()[0], b"on");
    assert_eq!(returned(&world.next().await), b"on");
}

#[tokio::test(start_paused = true)]
async fn a_close_leaves_neither_jobs_nor_objects() {
    let world = World::new(|_| {});
    world.submitted(&["a", "b"]).await;
    let job = world.fake.jobs().remove(0);
    world.fake.begin(&format!("{job}:0"));
    world.fake.succeed(&format!("{job}:1"), b"unread");
    world.next().await;
    let (late, closed) = tokio::join!(world.submit(vec![submission("late", 1)]), world.executor.close(Close::Cancel));
    assert!(closed.is_ok() && late[0].1.is_err());
    assert!(world.fake.keys().is_empty(), "{:?}", world.fake.keys());
    assert_eq!(world.fake.jobs(), [job]);
}

#[tokio::test(start_paused = true)]
async fn a_close_tells_what_it_cannot_end() {
    let world = World::new(|_| {});
    world.submitted(&["a"]).await;
    world.fake.script("terminatejob", [Next::Fails("AccessDeniedException", "no")]);
    let error = world.executor.close(Close::Cancel).await.unwrap_err().to_string();
    assert!(error.starts_with("failed to terminate jobs (denied): 1 of them may still run"), "{error}");
}
