//! What is found out before anything is asked for.

use scaler_wm_core::{ErrorKind, Limit, Provider};
use serde_json::json;

use crate::fake::{Fake, Next, unexpected};

#[tokio::test(start_paused = true)]
async fn what_the_template_allows_is_known() {
    let fake = Fake::default();
    let mut config = Fake::config();
    let provider = fake.start(config.clone()).await.unwrap();
    let info = provider.info();
    assert_eq!((info.most_units, info.largest_batch.get(), info.most_on_order.get()), (Limit::AtMost(20), 20, 20));
    assert!(!info.idempotent && info.ends_by_itself && !info.relieves);
    assert!(!info.lists_foreign_units && info.finds_recorded_units);
    config.most_machines = Some(5);
    let provider = fake.start(config).await.unwrap();
    assert_eq!(provider.info().most_units, Limit::AtMost(5));
    assert_eq!(fake.calls("POST").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_not_there_is_told_with_those_that_are() {
    let fake = Fake::default();
    let mut config = Fake::config();
    config.template_id = "t/2".to_owned();
    let error = fake.start(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let text = error.to_string();
    assert!(text.contains("http://orb:8000 has no template t/2") && text.contains("(t1)"), "{text}");
    assert_eq!(fake.calls("GET /api/v1/templates/t%2F2").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_or_may_only_look_is_told_with_advice() {
    let fake = Fake::default();
    fake.script("GET /api/v1/me", [Next::Answers(401, json!({"detail": "Authentication expired"}))]);
    let error = fake.start(Fake::config()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("Authentication expired") && error.to_string().contains("--orb-token"));
    fake.is_viewer();
    let error = fake.start(Fake::config()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("role `viewer`") && error.to_string().contains("`operator`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_yet_or_not_well_is_waited_for() {
    let fake = Fake::default();
    let unwell = json!({"service": "open-resource-broker", "status": "unhealthy"});
    let health = [Next::Refused, Next::Hangs, Next::Answers(503, json!("busy")), Next::Answers(503, unwell)];
    fake.script("GET /health", health);
    fake.script("GET /api/v1/templates/t1", [unexpected()]);
    let provider = fake.provider().await;
    assert_eq!(provider.info().name, "orb_aws_ec2");
    assert_eq!(fake.calls("GET /health").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn addresses_and_tokens_that_cannot_be_used_are_refused_at_once() {
    let fake = Fake::default();
    for url in
        ["orb:8000", "ftp://orb", "http://", "http:///x", "http://me:secret@orb", "http://orb/?a=b", "http://o rb"]
    {
        let mut config = Fake::config();
        config.url = url.to_owned();
        let error = fake.start(config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let mut config = Fake::config();
    config.token = Some("two lines\nof hush".to_owned());
    let error = fake.start(config).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && !error.to_string().contains("hush"));
    assert!(fake.calls("").is_empty());
}
