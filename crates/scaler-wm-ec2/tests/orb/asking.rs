//! Asking for machines, and what comes of it.

use scaler_wm_core::{ErrorKind, Provider, UnitState};
use serde_json::json;

use crate::fake::{Next, Rig, outcome, unexpected};

#[tokio::test(start_paused = true)]
async fn a_launch_is_one_call_and_its_receipt_brings_the_units() {
    let mut rig = Rig::new().await;
    let receipt = rig.launch(3).await;
    assert_eq!(receipt.0, "req-0");
    assert_eq!(rig.fake.calls("POST"), [json!({"template_id": "t1", "count": 3})]);
    let launch = rig.open[0].launch.id.clone();
    let observed = rig.look().await;
    assert_eq!((outcome(&observed).units.len(), outcome(&observed).missing), (3, 0));
    assert!(
        observed.units.iter().all(|unit| unit.launch.as_ref() == Some(&launch) && unit.state == UnitState::Running)
    );
    assert_eq!(rig.look().await.units.len(), 3);
    // A final request is not asked about again.
    assert_eq!(rig.fake.calls("GET /api/v1/requests/req-0").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_its_time_settles_at_its_end() {
    let mut rig = Rig::new().await;
    rig.fake.ends("complete", 2, 2);
    rig.launch(2).await;
    for _ in 0..2 {
        let observed = rig.look().await;
        assert!(observed.settled.is_empty() && observed.units.is_empty());
    }
    assert_eq!(outcome(&rig.look().await).units.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_came_of_a_partial_request_counts() {
    for (status, machines) in [("partial", 2), ("timeout", 1), ("failed", 0), ("cancelled", 1)] {
        let mut rig = Rig::new().await;
        rig.fake.ends(status, machines, 0);
        rig.launch(3).await;
        let observed = rig.look().await;
        assert_eq!(outcome(&observed).units.len(), machines as usize, "{status}");
        assert_eq!(outcome(&observed).missing, 3 - machines, "{status}");
        assert_eq!(observed.units.len(), machines as usize, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_refused_connection_is_sure_to_have_brought_nothing() {
    let rig = Rig::new().await;
    let post = "POST /api/v1/machines/request";
    rig.fake.script(
        post,
        [
            Next::Refused,
            Next::LosesReply,
            Next::Hangs,
            unexpected(),
            Next::Answers(202, json!({"message": "done"})),
            Next::Answers(429, json!({"error": {"message": "Too many requests."}})),
            Next::Answers(403, json!({"detail": "Access denied"})),
        ],
    );
    for kind in [
        ErrorKind::Failed,
        ErrorKind::Transient,
        ErrorKind::Transient,
        ErrorKind::Transient,
        ErrorKind::Transient,
        ErrorKind::Throttled,
        ErrorKind::Denied,
    ] {
        let error = rig.provider.launch(&rig.prepare(1)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.retry_after().is_some(), kind == ErrorKind::Throttled);
    }
    // Never tried again here.
    assert_eq!(rig.fake.calls(post).len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_went_is_told_as_such() {
    let rig = Rig::new().await;
    rig.fake.loses_template();
    let error = rig.provider.launch(&rig.prepare(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("has no template t1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_server_has_lost_is_given_up_after_a_while() {
    let mut rig = Rig::new().await;
    let lost = json!({"requests": [{"request_id": "req-0", "error": "Request with ID 'req-0' not found"}]});
    rig.fake.script("GET /api/v1/requests/req-0", vec![Next::Answers(200, lost); 20]);
    rig.launch(2).await;
    let mut looks = 0;
    let observed = loop {
        let observed = rig.look().await;
        looks += 1;
        if !observed.settled.is_empty() {
            break observed;
        }
    };
    assert_eq!(outcome(&observed).missing, 2);
    assert!((6..=8).contains(&looks), "{looks}");
}
