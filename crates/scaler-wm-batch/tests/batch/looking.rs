//! How ends are heard of, and what comes of them.

use std::time::Duration;

use scaler_wm_core::{TaskExecutor as _, TaskOutcome};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    fake::Next,
    world::{World, failed, returned, submission, task},
};

const EXITED: &str = "Essential container in task exited";

#[tokio::test(start_paused = true)]
async fn each_child_is_told_as_it_ends() {
    let world = World::new(|_| {});
    let names: Vec<String> = (0..250).map(|index| format!("task {index}")).collect();
    world.submitted(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let job = world.fake.jobs().remove(0);
    sleep(Duration::from_millis(5_100)).await;
    let before = world.fake.calls("describejobs").len();
    assert_eq!(before, 10, "one a look: no child has ended");
    world.fake.succeed(&format!("{job}:117"), b"it");
    let began = Instant::now();
    let completion = world.next().await;
    assert_eq!((&completion.task, returned(&completion)), (&task("task 117"), &b"it"[..]));
    assert!(began.elapsed() <= Duration::from_millis(600), "{:?}", began.elapsed());
    assert_eq!(world.fake.calls("describejobs").len(), before + 4, "the array, and 250 children in hundreds");
    assert!(world.is_silent().await, "nothing twice");
}

#[tokio::test(start_paused = true)]
async fn results_are_looked_for_where_the_last_one_was() {
    let world = World::new(|_| {});
    world.fake.hide_missing();
    world.submitted(&["a", "b"]).await;
    let job = world.fake.jobs().remove(0);
    world.fake.succeed(&format!("{job}:0"), b"first");
    assert_eq!(returned(&world.next().await), b"first");
    world.fake.succeed(&format!("{job}:1"), b"second");
    assert_eq!(returned(&world.next().await), b"second");
    assert_eq!(world.fake.calls("GetObject").len(), 2, "one for each");
}

#[tokio::test(start_paused = true)]
async fn everything_goes_when_it_is_released_and_not_before() {
    let world = World::new(|_| {});
    let names: Vec<String> = (0..400).map(|index| format!("task {index}")).collect();
    world.submitted(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let job = world.fake.jobs().remove(0);
    (0..400).for_each(|index| world.fake.succeed(&format!("{job}:{index}"), b"it"));
    for _ in 0..400 {
        world.next().await;
    }
    assert_eq!((world.fake.keys().len(), world.fake.calls("DeleteObjects").len()), (800, 0));
    let tasks: Vec<_> = names.iter().map(|name| task(name)).collect();
    // The bucket does not answer for a while.
    world.fake.script("DeleteObjects", [Next::Fails("ServiceUnavailable", ""); 30]);
    world.executor.release(&tasks).await;
    assert!(world.fake.keys().is_empty());
    assert_eq!(world.fake.calls("DeleteObjects").len(), 32, "two calls for 1,200 keys");
}

#[tokio::test(start_paused = true)]
async fn a_failure_tells_its_cause() {
    let world = World::new(|_| {});
    world.fake.log(&["Traceback (most recent call last):", "MemoryError"]);
    world.submitted(&["a"]).await;
    let job = world.fake.jobs().remove(0);
    let container = json!({"exitCode": 137, "reason": "OutOfMemoryError: killed", "logStreamName": "s/1"});
    world.fake.fail(&job, EXITED, container);
    assert_eq!(
        failed(&world.next().await),
        format!(
            "failed to run a task (failed): its job {job} has failed; {EXITED}; OutOfMemoryError: killed; exit code 137 (SIGKILL: \
             out of memory, or killed)\nthe end of its log:\nTraceback (most recent call last):\nMemoryError"
        )
    );
    let log = &world.fake.calls("GetLogEvents")[0];
    assert_eq!((&log["logGroupName"], &log["logStreamName"]), (&json!("/aws/batch/job"), &json!("s/1")));
}

#[tokio::test(start_paused = true)]
async fn what_the_infrastructure_loses_is_handed_over_again_so_often() {
    let world = World::new(|config| config.retries = 2);
    let host = "Host EC2 (instance i-0a1b2c3d) terminated.";
    for tries in 0..3 {
        world.submit(vec![submission("a", 30_000)]).await[0].1.as_ref().unwrap();
        let job = world.fake.jobs().pop().unwrap();
        world.fake.fail(&job, host, json!({}));
        let completion = world.next().await;
        if tries < 2 {
            assert!(matches!(completion.outcome, TaskOutcome::Again(_)), "{completion:?}");
            assert!(world.fake.keys().is_empty(), "nothing of it is left");
        } else {
            let said = failed(&completion);
            assert!(said.contains(host) && said.ends_with("handed over again 2 times (--job-retries)"), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_not_there_is_a_loss_and_one_that_is_counts() {
    let world = World::new(|_| {});
    world.submitted(&["a"]).await;
    let job = world.fake.jobs().pop().unwrap();
    world.fake.end_well(&job);
    assert!(matches!(world.next().await.outcome, TaskOutcome::Again(_)));
    world.submitted(&["b"]).await;
    let job = world.fake.jobs().pop().unwrap();
    world.fake.succeed(&job, b"in time");
    world.fake.fail(&job, "Host EC2 (instance i-0a1b2c3d) terminated.", json!({}));
    assert_eq!(returned(&world.next().await), b"in time");
}

#[tokio::test(start_paused = true)]
async fn neither_batch_nor_the_bucket_need_to_answer_at_once() {
    let world = World::new(|_| {});
    world.submitted(&["a"]).await;
    world.fake.succeed(&world.fake.jobs()[0], b"it");
    world.fake.script("describejobs", [Next::LosesRequest; 20]);
    world.fake.script("GetObject", [Next::Fails("ServiceUnavailable", ""); 20]);
    assert_eq!(returned(&world.next().await), b"it");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_batch_has_forgotten_is_a_loss() {
    let world = World::new(|_| {});
    world.submitted(&["a"]).await;
    world.fake.forget(&world.fake.jobs()[0]);
    let outcome = world.next().await.outcome;
    assert!(
        matches!(&outcome, TaskOutcome::Again(error) if error.to_string().contains("does not know")),
        "{outcome:?}"
    );
}
