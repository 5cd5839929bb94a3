//! The policy engine for any other system.

use scaler_wm_control::{client::policies, v1};
use tonic::Code;

use super::Served;

fn request(content: &str) -> v1::EvaluateRequest {
    let manager = |id: &str| v1::Manager { id: id.to_owned(), max_task_concurrency: Some(4), ..v1::Manager::default() };
    v1::EvaluateRequest {
        content: content.to_owned(),
        tasks: vec![v1::Tasks { count: Some(25), capabilities: Vec::new() }],
        workers: vec![v1::Worker { id: "w".to_owned(), manager: "a".to_owned() }],
        managers: vec![manager("a"), manager("b")],
        ..v1::EvaluateRequest::default()
    }
}

#[tokio::test]
async fn it_decides_as_the_command_line_does() {
    let served = Served::start();
    let mut client = policies(served.connect().await);
    let answer = client.evaluate(request("allocate=even_load; scaling=vanilla")).await.unwrap().into_inner();
    let asked: Vec<(&str, u32)> =
        answer.decisions.iter().map(|made| (&*made.manager, made.requests[0].task_concurrency)).collect();
    assert_eq!(asked, [("a", 2), ("b", 1)]);
    let first = &answer.decisions[0];
    assert!(first.gets_command && first.summary.contains("more than 10 each, so one more: 2"), "{first:?}");
    let because: serde_json::Value = serde_json::from_str(&first.because_json).unwrap();
    assert_eq!((&because["policy"], &because["tasks"]), (&"vanilla".into(), &25.into()));

    let answer = client.evaluate(request("allocate=even_load; scaling=no")).await.unwrap().into_inner();
    assert!(answer.decisions.iter().all(|made| !made.gets_command && made.requests.is_empty()));
    served.end().await;
}

#[tokio::test]
async fn a_snapshot_that_makes_no_sense_is_refused_with_its_place() {
    let served = Served::start();
    let mut client = policies(served.connect().await);
    let good = || request("allocate=even_load; scaling=vanilla");
    let capability = v1::Capability { name: String::new(), value: Some(1) };
    let nameless = v1::Tasks { count: None, capabilities: vec![capability] };
    for (request, words) in [
        (request("scaling=nonsense"), "content: "),
        (v1::EvaluateRequest { engine_type: "magic".to_owned(), ..good() }, "content: "),
        (
            v1::EvaluateRequest { workers: vec![good().workers[0].clone(), good().workers[0].clone()], ..good() },
            "twice",
        ),
        (v1::EvaluateRequest { managers: vec![good().managers[0].clone(); 2], ..good() }, "a is there twice"),
        (v1::EvaluateRequest { tasks: vec![nameless], ..good() }, "has no name"),
        (
            v1::EvaluateRequest {
                managers: vec![v1::Manager { max_task_concurrency: Some(-2), ..good().managers[0].clone() }],
                ..good()
            },
            "max_task_concurrency of manager a is -2",
        ),
        (
            v1::EvaluateRequest {
                managers: vec![v1::Manager { workers_per_unit: Some(0), ..good().managers[0].clone() }],
                ..good()
            },
            "workers_per_unit of manager a is 0",
        ),
    ] {
        let refused = client.evaluate(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains(words), "{words}: {refused}");
    }
    served.end().await;
}
