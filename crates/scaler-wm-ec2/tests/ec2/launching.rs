//! Launches: one call each, the same call again, and what comes of it.

use std::{num::NonZeroU32, time::Duration};

use aws_smithy_types::base64;
use scaler_wm_core::{ErrorKind, Launch, Provider, Tier, Timestamp, UnitState};
use scaler_wm_ec2::{Ec2Provider, Market, RootVolume};

use crate::fake::{Fake, Next};

pub(crate) fn prepare(provider: &Ec2Provider, count: u32, tier: usize) -> Launch {
    let tier: &Tier = &provider.info().tiers[tier];
    provider.prepare(NonZeroU32::new(count).unwrap(), tier, Timestamp::from_millis(1_700_000_000_000)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_launch_is_one_call_with_all_that_was_configured() {
    let fake = Fake::default();
    let provider = fake
        .provider(|config| {
            config.subnets = vec!["subnet-1".to_owned()];
            config.instance_profile = Some("arn:aws:iam::1:instance-profile/p".to_owned());
            config.root_volume = RootVolume { gib: Some(50), kind: Some("gp3".to_owned()), iops: Some(4_000) };
            config.ebs_optimized = Some(true);
            config.monitoring = Some(true);
            config.launch_template = Some(("lt-9".to_owned(), Some("$Latest".to_owned())));
            config.security_groups = vec!["sg-8".to_owned(), "sg-9".to_owned()];
            config.key_name = Some("mine".to_owned());
            config.tags = vec![("team".to_owned(), "quant".to_owned())];
            config.template_id = "t 1".to_owned();
        })
        .await
        .unwrap();
    let before = fake.operations().len();
    let launch = prepare(&provider, 100, 0);
    let launched = provider.launch(&launch).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed.len()), (100, 0));
    for unit in &launched.units {
        assert_eq!(
            (unit.launch.as_ref(), &unit.tier, &unit.state),
            (Some(&launch.id), &launch.tier, &UnitState::Running)
        );
    }
    assert_eq!(fake.operations()[before..], ["RunInstances"]);
    let call = &fake.calls("RunInstances")[0];
    for (key, value) in [
        ("MinCount", "1"),
        ("MaxCount", "100"),
        ("ClientToken", launch.token.as_str()),
        ("ImageId", "ami-1"),
        ("InstanceType", "c5.large"),
        ("KeyName", "mine"),
        ("NetworkInterface.1.SubnetId", "subnet-1"),
        ("NetworkInterface.1.SecurityGroupId.2", "sg-9"),
        ("NetworkInterface.1.AssociatePublicIpAddress", "true"),
        ("IamInstanceProfile.Arn", "arn:aws:iam::1:instance-profile/p"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sda1"),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "50"),
        ("BlockDeviceMapping.1.Ebs.VolumeType", "gp3"),
        ("BlockDeviceMapping.1.Ebs.Iops", "4000"),
        ("EbsOptimized", "true"),
        ("Monitoring.Enabled", "true"),
        ("LaunchTemplate.LaunchTemplateId", "lt-9"),
        ("LaunchTemplate.Version", "$Latest"),
        ("InstanceInitiatedShutdownBehavior", "terminate"),
        ("InstanceMarketOptions.MarketType", ""),
        ("MetadataOptions.InstanceMetadataTags", ""),
    ] {
        assert_eq!(call.get(key), value, "{key}");
    }
    let script = String::from_utf8(base64::decode(call.get("UserData")).unwrap()).unwrap();
    assert!(script.starts_with("#!/bin/sh\n") && script.contains("--max-task-concurrency 2 "), "{script}");
    let tags = call.tags("instance");
    for (key, value) in [
        ("team", "quant"),
        ("orb:managed-by", "open-resource-broker"),
        ("orb:request-id", &format!("req-{}", launch.id)),
        ("orb:template-id", "t 1"),
        ("orb:provider-api", "RunInstances"),
        ("orb:created-at", "2023-11-14T22:13:20Z"),
        ("scaler-wm:manager", "m1"),
        ("scaler-wm:launch", launch.id.as_str()),
        ("scaler-wm:tier", "c5.large/subnet-1/on-demand"),
    ] {
        assert_eq!(tags.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert_eq!(call.tags("volume"), tags);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_repeated_byte_for_byte_and_brings_nothing_twice() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let launch = prepare(&provider, 3, 0);
    fake.script("RunInstances", [Next::LosesReply]);
    assert_eq!(provider.launch(&launch).await.unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(fake.running().len(), 3);
    // Another process, with other settings by now, repeats what is on record.
    let next = fake.provider(|config| config.types = vec!["t2.micro".to_owned()]).await.unwrap();
    assert_eq!(next.launch(&launch).await.unwrap().units.len(), 3);
    assert_eq!(fake.running().len(), 3);
    let calls = fake.calls("RunInstances");
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
async fn what_came_counts_and_the_rest_is_for_want_of_capacity() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.script("RunInstances", [Next::Starts(4)]);
    let launched = provider.launch(&prepare(&provider, 10, 0)).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed.len()), (4, 1));
    let failed = &launched.failed[0];
    assert_eq!((failed.kind(), failed.retry_after()), (ErrorKind::NoCapacity, Some(Duration::from_secs(30))));
}

#[tokio::test(start_paused = true)]
async fn a_tier_is_a_type_in_a_subnet_of_a_market_and_the_planner_has_the_choice() {
    let fake = Fake::default();
    let provider = fake
        .provider(|config| {
            config.types = vec!["c5.large".to_owned(), "c6i.large".to_owned()];
            config.subnets = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
            config.market = Market::Heterogeneous;
            config.max_price = Some("0.05".to_owned());
        })
        .await
        .unwrap();
    let tiers: Vec<&str> = provider.info().tiers.iter().map(Tier::as_str).collect();
    let expected = [
        "c5.large/subnet-1/spot",
        "c5.large/subnet-2/spot",
        "c6i.large/subnet-1/spot",
        "c6i.large/subnet-2/spot",
        "c5.large/subnet-1/on-demand",
        "c5.large/subnet-2/on-demand",
        "c6i.large/subnet-1/on-demand",
        "c6i.large/subnet-2/on-demand",
    ];
    assert_eq!(tiers, expected);
    for (code, kind) in [
        ("InsufficientInstanceCapacity", ErrorKind::NoCapacity),
        ("MaxSpotInstanceCountExceeded", ErrorKind::NoCapacity),
        ("SpotMaxPriceTooLow", ErrorKind::NoCapacity),
        ("Unsupported", ErrorKind::NoCapacity),
        ("InvalidSubnetID.NotFound", ErrorKind::Invalid),
    ] {
        fake.script("RunInstances", [Next::Fails(code, "why")]);
        let error = provider.launch(&prepare(&provider, 2, 3)).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (kind, None), "{code}");
    }
    provider.launch(&prepare(&provider, 2, 3)).await.unwrap();
    provider.launch(&prepare(&provider, 2, 4)).await.unwrap();
    let calls = fake.calls("RunInstances");
    let [spot, on_demand] = &calls[calls.len() - 2..] else { unreachable!() };
    assert_eq!(spot.get("InstanceMarketOptions.SpotOptions.MaxPrice"), "0.05");
    assert_eq!(spot.get("InstanceMarketOptions.SpotOptions.SpotInstanceType"), "one-time");
    assert_eq!((spot.get("InstanceType"), spot.get("NetworkInterface.1.SubnetId")), ("c6i.large", "subnet-2"));
    assert!(!spot.tags("spot-instances-request").is_empty());
    assert_eq!(on_demand.get("InstanceMarketOptions.MarketType"), "");
    assert_eq!(on_demand.get("InstanceMarketOptions.SpotOptions.MaxPrice"), "");
}

#[tokio::test(start_paused = true)]
async fn alone_a_tier_that_cannot_be_is_a_mistake_and_a_full_one_is_waited_for() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    for (code, kind) in [
        ("Unsupported", ErrorKind::Invalid),
        ("VcpuLimitExceeded", ErrorKind::Quota),
        ("InvalidAMIID.NotFound", ErrorKind::Invalid),
    ] {
        fake.script("RunInstances", [Next::Fails(code, "why")]);
        assert_eq!(provider.launch(&prepare(&provider, 2, 0)).await.unwrap_err().kind(), kind, "{code}");
    }
    fake.is_full("c5.large");
    let error = provider.launch(&prepare(&provider, 2, 0)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::NoCapacity, Some(Duration::from_secs(30))));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_repeated_and_counted() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.script("RunInstances", vec![Next::Fails("RequestLimitExceeded", "Request limit exceeded."); 3]);
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    let count = provider.calls().of("RunInstances");
    assert_eq!((count.sent, count.failed, count.throttled), (4, 3, 3));
    assert_eq!(fake.running().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn more_than_one_call_may_start_is_refused() {
    let provider = Fake::default().provider(|_| {}).await.unwrap();
    let tier = provider.info().tiers[0].clone();
    let error = provider.prepare(NonZeroU32::new(501).unwrap(), &tier, Timestamp::from_millis(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
