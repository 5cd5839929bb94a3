//! How tasks go out.

use std::time::Duration;

use scaler_wm_core::{CancelOutcome, ErrorKind, TaskExecutor as _};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    fake::Next,
    world::{World, submission, task},
};

#[tokio::test(start_paused = true)]
async fn tasks_that_come_within_the_window_are_one_array() {
    let world = World::new(|_| {});
    let began = Instant::now();
    let (first, second) = tokio::join!(world.submit(vec![submission("a", 1), submission("b", 1)]), async {
        sleep(Duration::from_millis(400)).await;
        world.submit(vec![submission("c", 40_000)]).await
    });
    assert!((0.5..0.6).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    let calls = world.fake.calls("submitjob");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["arrayProperties"], json!({"size": 3}));
    assert_eq!(calls[0]["timeout"], json!({"attemptDurationSeconds": 3600}));
    let name = calls[0]["jobName"].as_str().unwrap();
    let template = format!("p/array/{name}/ARRAY_INDEX.pkl.gz");
    assert_eq!(
        calls[0]["parameters"],
        json!({"task_id": "array", "payload": "none", "compressed": "0", "s3_bucket": "b", "s3_prefix": "p", "s3_key": template})
    );
    let keys: Vec<String> = (0..3).map(|index| template.replace("ARRAY_INDEX", &index.to_string())).collect();
    assert_eq!(world.fake.keys(), keys);
    let tickets = first.into_iter().chain(second).map(|(_, answer)| answer.unwrap());
    let handles: Vec<_> = tickets.map(|ticket| String::from_utf8(ticket.handle.to_vec()).unwrap()).collect();
    assert_eq!(handles, [0, 1, 2].map(|index| format!("{name}/{index}/job-0000")));
}

#[tokio::test(start_paused = true)]
async fn a_lone_task_travels_inside_its_job_or_beside_it() {
    let world = World::new(|_| {});
    for (size, is_inline) in [(1, true), (30_000, false)] {
        world.submit(vec![submission(&size.to_string(), size)]).await[0].1.as_ref().unwrap();
        let call = world.fake.calls("submitjob").pop().unwrap();
        let parameters = &call["parameters"];
        assert_eq!(call["arrayProperties"], json!(null));
        assert_eq!(parameters["task_id"], task(&size.to_string()).to_string());
        assert_eq!(parameters["payload"] != "none", is_inline);
        assert_eq!(parameters["s3_key"] == "none", is_inline);
        let keys = world.fake.keys();
        assert_eq!(keys.iter().any(|key| parameters["s3_key"] == key.as_str()), !is_inline);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_looked_for_when_nobody_answers() {
    let world = World::new(|_| {});
    world.fake.script("submitjob", [Next::LosesReply]);
    world.fake.lag(Duration::from_secs(2));
    let handles = world.submitted(&["a", "b"]).await;
    assert_eq!(world.fake.calls("submitjob").len(), 1, "it is there");
    assert!(handles[1].ends_with("/1/job-0000"), "{handles:?}");

    world.fake.script("submitjob", [Next::LosesRequest]);
    let refused = world.submit(vec![submission("c", 30_000)]).await.remove(0).1.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Transient, "agents hand it over again");
    assert_eq!(world.fake.keys().len(), 2, "its input is gone: {:?}", world.fake.keys());
    assert!(world.submitted(&["c"]).await[0].ends_with("//job-0001"));
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_repeated_and_wrong_ones_are_told_with_their_flags() {
    let world = World::new(|_| {});
    world.fake.script("submitjob", [Next::Fails("TooManyRequestsException", "Rate exceeded"); 3]);
    world.submitted(&["a"]).await;
    assert_eq!(world.fake.calls("submitjob").len(), 4);

    world.fake.script("submitjob", [Next::Fails("ClientException", "JobQueue q not found.")]);
    let refused = world.submit(vec![submission("b", 1)]).await.remove(0).1.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "failed to submit a job (invalid): ClientException: JobQueue q not found.; the queue is `q` (--job-queue), the job \
         definition `d` (--job-definition)"
    );
    world.fake.script("PutObject", [Next::Fails("AccessDenied", "")]);
    let refused = world.submit(vec![submission("c", 30_000)]).await.remove(0).1.unwrap_err();
    assert!(refused.to_string().ends_with("the bucket is `b` (--s3-bucket)"), "{refused}");
    assert!(world.fake.keys().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_array_one_of_whose_inputs_cannot_be_put_leaves_nothing() {
    let world = World::new(|_| {});
    world.fake.script("PutObject", [Next::Fails("AccessDenied", "")]);
    let answers = world.submit(vec![submission("a", 1), submission("b", 1)]).await;
    assert!(answers.iter().all(|(_, answer)| answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Denied)));
    assert!(world.fake.keys().is_empty() && world.fake.jobs().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_canceled_in_the_window_does_not_go_out() {
    let world = World::new(|_| {});
    let (answers, canceled) = tokio::join!(world.submit(vec![submission("a", 1), submission("b", 1)]), async {
        sleep(Duration::from_millis(100)).await;
        world.executor.cancel(&[task("a")], false).await
    });
    assert!(matches!(canceled[..], [(_, Ok(CancelOutcome::Canceled))]));
    assert!(answers[0].1.is_err() && answers[1].1.is_ok());
    let calls = world.fake.calls("submitjob");
    assert_eq!((calls.len(), &calls[0]["arrayProperties"]), (1, &json!(null)), "the other one goes alone");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_out_there_is_not_submitted_again() {
    let world = World::new(|_| {});
    let first = world.submitted(&["a"]).await;
    assert_eq!(world.submitted(&["a"]).await, first);
    assert_eq!(world.fake.jobs().len(), 1);
}
