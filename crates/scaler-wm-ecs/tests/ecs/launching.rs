//! Launches: one call each, the same call again, and what comes of it.

use std::num::NonZeroU32;

use scaler_wm_core::{ErrorKind, Launch, Provider, Tier, Timestamp, UnitState};
use scaler_wm_ecs::EcsProvider;
use scaler_wm_options::CapacityProvider;

use crate::fake::{Fake, Next};

fn prepare(provider: &EcsProvider, count: u32, tier: usize) -> Launch {
    let tier: &Tier = &provider.info().tiers[tier];
    provider.prepare(NonZeroU32::new(count).unwrap(), tier, Timestamp::from_millis(0)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_launch_is_one_call_with_all_that_was_configured() {
    let fake = Fake::default();
    let provider = fake
        .provider(|config| {
            config.security_groups = vec!["sg-1".to_owned()];
            config.public_ip = false;
            config.platform_version = Some("1.4.0".to_owned());
            config.ephemeral_storage_gib = Some(50);
            config.task_role = Some("arn:role".to_owned());
            config.environment = vec![("TZ".to_owned(), "UTC".to_owned())];
            config.tags = vec![("team".to_owned(), "quant".to_owned())];
        })
        .await
        .unwrap();
    let launch = prepare(&provider, 10, 0);
    let launched = provider.launch(&launch).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed.len()), (10, 0));
    for unit in &launched.units {
        assert_eq!((unit.launch.as_ref(), &unit.tier), (Some(&launch.id), &launch.tier));
    }
    let call = &fake.calls("RunTask")[0];
    assert_eq!((&call["count"], &call["launchType"]), (&10.into(), &"FARGATE".into()));
    assert_eq!(call["clientToken"], launch.token.as_str());
    assert!(call["startedBy"].as_str().unwrap().starts_with("scaler-wm/m1/"), "{}", call["startedBy"]);
    assert_eq!(call["taskDefinition"], "arn:aws:ecs:us-east-1:1:task-definition/scaler:1");
    assert_eq!(call["platformVersion"], "1.4.0");
    let network = &call["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"][0], "subnet-1");
    assert_eq!(network["securityGroups"][0], "sg-1");
    assert_eq!(network["assignPublicIp"], "DISABLED");
    let overrides = &call["overrides"];
    assert_eq!(overrides["ephemeralStorage"]["sizeInGiB"], 50);
    assert_eq!(overrides["taskRoleArn"], "arn:role");
    let variables = overrides["containerOverrides"][0]["environment"].as_array().unwrap();
    let names: Vec<&str> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["TZ", "COMMAND", "PYTHON_REQUIREMENTS", "PYTHON_VERSION"]);
    let tags: Vec<&str> = call["tags"].as_array().unwrap().iter().map(|tag| tag["key"].as_str().unwrap()).collect();
    assert_eq!(tags, ["team", "scaler-wm:manager", "scaler-wm:launch", "scaler-wm:tier"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_repeated_byte_for_byte_and_brings_nothing_twice() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let launch = prepare(&provider, 3, 0);
    fake.script("RunTask", [Next::LosesReply]);
    assert_eq!(provider.launch(&launch).await.unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(fake.running().len(), 3);
    // Another process, with other settings by now, repeats what is on record.
    let next = fake.provider(|config| config.subnets = vec!["subnet-2".to_owned()]).await.unwrap();
    assert_eq!(next.launch(&launch).await.unwrap().units.len(), 3);
    assert_eq!(fake.running().len(), 3);
    let calls = fake.calls("RunTask");
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_stands_for_another_request_settles_the_launch() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let launch = prepare(&provider, 2, 0);
    provider.launch(&launch).await.unwrap();
    let other = Launch { count: NonZeroU32::new(3).unwrap(), ..launch };
    let launched = provider.launch(&other).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed[0].kind()), (0, ErrorKind::Conflict));
}

#[tokio::test(start_paused = true)]
async fn partial_answers_are_normal_and_their_reasons_have_classes() {
    for (reason, kind) in [
        ("Capacity is unavailable at this time", ErrorKind::NoCapacity),
        ("RESOURCE:FARGATE", ErrorKind::NoCapacity),
        ("You've reached the limit on the number of tasks", ErrorKind::Quota),
        ("AGENT", ErrorKind::Failed),
    ] {
        let fake = Fake::default();
        let provider = fake.provider(|_| {}).await.unwrap();
        fake.script("RunTask", [Next::Starts(4, reason)]);
        let launched = provider.launch(&prepare(&provider, 10, 0)).await.unwrap();
        assert_eq!((launched.units.len(), launched.failed.len()), (4, 1), "each reason once");
        assert_eq!(launched.failed[0].kind(), kind, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_repeated_and_counted() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.script("RunTask", vec![Next::Fails("ThrottlingException", "Rate exceeded"); 3]);
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    let count = provider.calls().of("RunTask");
    assert_eq!((count.sent, count.failed, count.throttled), (4, 3, 3));
    assert_eq!(fake.running().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn capacity_providers_come_first_and_on_demand_is_the_way_out() {
    let fake = Fake::default();
    let spot = CapacityProvider { name: "FARGATE_SPOT".to_owned(), weight: 3, base: 0 };
    let on_demand = CapacityProvider { name: "FARGATE".to_owned(), weight: 1, base: 2 };
    let provider = fake.provider(|config| config.capacity_providers = vec![spot, on_demand]).await.unwrap();
    assert_eq!(fake.calls("CreateCluster")[0]["capacityProviders"], serde_json::json!(["FARGATE", "FARGATE_SPOT"]));
    fake.script("RunTask", [Next::Fails("ClientException", "Capacity is unavailable at this time.")]);
    let error = provider.launch(&prepare(&provider, 2, 0)).await.unwrap_err();
    // The planner leaves that tier alone for a while, and takes the next one.
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::NoCapacity, None));
    provider.launch(&prepare(&provider, 2, 1)).await.unwrap();
    let calls = fake.calls("RunTask");
    assert_eq!(calls[0]["capacityProviderStrategy"][1]["base"], 2);
    assert!(calls[0].get("launchType").is_none() && calls[1].get("capacityProviderStrategy").is_none());
    assert_eq!(calls[1]["launchType"], "FARGATE");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_deleted_meanwhile_is_made_again() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.lose_cluster();
    let launched = provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    assert_eq!(launched.units[0].state, UnitState::Running);
}

#[tokio::test(start_paused = true)]
async fn more_than_one_call_can_start_is_refused() {
    let provider = Fake::default().provider(|_| {}).await.unwrap();
    let tier = provider.info().tiers[0].clone();
    let error = provider.prepare(NonZeroU32::new(11).unwrap(), &tier, Timestamp::from_millis(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
