//! What launches stand on is found or made, and removed at the end.

use std::os::unix::fs::PermissionsExt as _;

use scaler_wm_core::{ErrorKind, Limit, Provider};
use scaler_wm_ec2::{Ec2Config, FleetChoice, Install, Market, ProviderApi, Requirements, RootVolume, Template, Way};

use crate::{
    fake::{Fake, Next},
    launching::prepare,
    lines::Lines,
};

#[tokio::test(start_paused = true)]
async fn image_subnet_and_size_are_found() {
    let fake = Fake::default();
    let provider = fake
        .provider(|config| {
            config.image = None;
            config.types = vec!["c5.xlarge".to_owned(), "c5.large".to_owned()];
            config.root_volume = RootVolume { gib: Some(9), ..RootVolume::default() };
            config.most_instances = Limit::AtMost(7);
        })
        .await
        .unwrap();
    assert_eq!(provider.info().workers_per_unit.get(), 2, "as many as the smallest type has vCPUs");
    assert_eq!(provider.info().most_units, Limit::AtMost(7));
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    let call = &fake.calls("RunInstances")[0];
    assert_eq!((call.get("ImageId"), call.get("NetworkInterface.1.SubnetId")), ("ami-new", "subnet-0"));
    assert_eq!(call.get("BlockDeviceMapping.1.DeviceName"), "/dev/sda1");
    let mut operations = fake.operations();
    // The first two questions are asked at once.
    operations[..2].sort_unstable();
    let expected = [
        "DescribeInstanceTypes",
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeImages",
        "CreateKeyPair",
        "CreateSecurityGroup",
        "RunInstances",
    ];
    assert_eq!(operations, expected);
}

#[tokio::test(start_paused = true)]
async fn an_image_is_found_for_what_runs_it() {
    let fake = Fake::default();
    let change = |config: &mut Ec2Config| {
        (config.image, config.types) = (None, vec!["c7g.large".to_owned()]);
    };
    let provider = fake.provider(change).await.unwrap();
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    assert_eq!(fake.calls("RunInstances")[0].get("ImageId"), "ami-new-arm");
    let error =
        fake.provider(|config| config.types = vec!["c7g.large".to_owned(), "c5.large".to_owned()]).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains("--instance-types"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_a_parameter_names_is_read_by_ec2_itself() {
    let fake = Fake::default();
    let provider = fake.provider(|config| config.image = Some("resolve:ssm:/golden".to_owned())).await.unwrap();
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    assert_eq!(fake.calls("RunInstances")[0].get("ImageId"), "resolve:ssm:/golden");
    assert_eq!(fake.calls("DescribeImages").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_temporary_has_the_same_name_in_every_process_and_is_removed_at_the_end() {
    let fake = Fake::default();
    drop(fake.provider(|_| {}).await.unwrap());
    assert_eq!(fake.temporary(), [1, 1, 0]);
    // The one before was killed.
    let provider = fake.provider(|_| {}).await.unwrap();
    assert_eq!(fake.temporary(), [1, 1, 0]);
    let names: Vec<String> = fake.calls("CreateKeyPair").iter().map(|call| call.get("KeyName").to_owned()).collect();
    assert!(names[0] == names[1] && names[0].starts_with("scaler-wm-m1-"), "{names:?}");
    assert!(fake.calls("CreateSecurityGroup")[0].tags("security-group").contains_key("scaler-wm:owner"));
    provider.sweep().await.unwrap();
    assert_eq!(fake.temporary(), [0, 0, 0]);
    // Nothing is there any more: that is as good.
    provider.sweep().await.unwrap();
    // One that needs none removes what an earlier one, with other settings, has left.
    drop(fake.provider(|_| {}).await.unwrap());
    let own = fake
        .provider(|config| {
            config.key_name = Some("mine".to_owned());
            config.security_groups = vec!["sg-9".to_owned()];
        })
        .await
        .unwrap();
    own.sweep().await.unwrap();
    assert_eq!(fake.temporary(), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_for_another_address_of_the_scheduler_is_removed_too() {
    let (fake, folder) = (Fake::default(), tempfile::tempdir().unwrap());
    let file = folder.path().join("ec2-owners");
    let at = |address: &str| {
        let (address, folder) = (address.parse().unwrap(), folder.path().to_owned());
        fake.provider(|config| (config.workers.scheduler, config.state_folder) = (address, Some(folder)))
    };
    drop(at("tcp://10.0.0.1:1").await.unwrap());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let elsewhere = at("tcp://10.0.0.1:2").await.unwrap();
    assert_eq!(fake.temporary(), [2, 2, 0]);
    // What could not be removed stays on record.
    fake.script("DescribeKeyPairs", vec![Next::Fails("UnauthorizedOperation", "no"); 2]);
    elsewhere.sweep().await.unwrap_err();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);
    elsewhere.sweep().await.unwrap();
    assert_eq!((fake.temporary(), file.exists()), ([0, 0, 0], false));
    // Of another region nothing is known here.
    std::fs::write(&file, "eu-west-1 scaler-wm/m1/1\n").unwrap();
    at("tcp://10.0.0.1:1").await.unwrap().sweep().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "eu-west-1 scaler-wm/m1/1\n");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let error = at("tcp://10.0.0.1:1").await.unwrap_err().to_string();
    assert!(error.contains("--state-dir"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_still_held_is_told_and_a_moment_is_waited_for() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.script("DeleteSecurityGroup", vec![Next::Fails("DependencyViolation", "held"); 3]);
    provider.sweep().await.unwrap();
    let provider = fake.provider(|_| {}).await.unwrap();
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    let error = provider.sweep().await.unwrap_err();
    assert!(error.to_string().contains("the security group sg-2 is left"), "{error}");
    assert_eq!(fake.temporary(), [0, 1, 0], "the key pair is gone all the same");
}

#[tokio::test(start_paused = true)]
async fn a_mistake_is_told_with_the_way_out() {
    for (operation, code, advice) in [
        ("DescribeSubnets", "InvalidSubnetID.NotFound", "--subnet-id"),
        ("DescribeImages", "InvalidAMIID.NotFound", "--image-id"),
        ("DescribeImages", "InvalidAMIID.Malformed", "--image-id"),
        ("DescribeInstanceTypes", "InvalidInstanceType", "--instance-type"),
    ] {
        let fake = Fake::default();
        fake.script(operation, [Next::Fails(code, "it does not exist")]);
        let error = fake.provider(|config| config.subnets = vec!["subnet-1".to_owned()]).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(advice), "{error}");
    }
    // A request that is refused for something else says nothing of what is named.
    let fake = Fake::default();
    fake.script("DescribeInstanceTypes", [Next::Fails("MissingParameter", "it must have a version")]);
    let error = fake.provider(|_| {}).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && !error.to_string().contains("--instance-type"), "{error}");
    let subnets = ["subnet-1".to_owned(), "other-2".to_owned()];
    let error = Fake::default().provider(|config| config.subnets = subnets.to_vec()).await.unwrap_err();
    assert!(error.to_string().contains("vpc-1, vpc-2"), "{error}");
    let error = Fake::default().provider(|config| config.first = Some("x".repeat(17_000))).await.unwrap_err();
    assert!(error.to_string().contains("16384"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_asked_again() {
    let fake = Fake::default();
    fake.script("DescribeVpcs", vec![Next::Fails("InternalError", "later"); 12]);
    fake.script("CreateKeyPair", [Next::LosesReply]);
    fake.provider(|_| {}).await.unwrap();
    assert_eq!(fake.temporary(), [1, 1, 0]);
    let denied = Fake::default();
    denied.script("CreateSecurityGroup", [Next::Fails("UnauthorizedOperation", "ec2:CreateSecurityGroup")]);
    assert_eq!(denied.provider(|_| {}).await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(denied.temporary(), [0, 0, 0], "the key pair that was made before is gone");
}

#[tokio::test(start_paused = true)]
async fn that_nobody_answers_is_told_at_the_first_failure() {
    let (lines, _guard) = Lines::taken();
    let fake = Fake::default();
    fake.script("DescribeInstanceTypes", [Next::Fails("ServiceUnavailable", "later")]);
    fake.provider(|_| {}).await.unwrap();
    let text = lines.text();
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("WARN")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("look for the instance types"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn configuration_and_template_are_written_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below");
    Fake::default().provider(|config| config.debug_dump = Some(path.clone())).await.unwrap();
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(path.join(name)).unwrap()).unwrap()
    };
    let template = read("orb_debug_template_scaler-wm.json");
    assert_eq!((&template["image_id"], &template["subnet_ids"][0]), (&"ami-1".into(), &"subnet-0".into()));
    assert!(template["user_data"].as_str().unwrap().starts_with("#!/bin/sh"));
    assert_eq!(read("orb_debug_config_scaler-wm.json")["worker_manager_id"], "m1");
}

#[tokio::test(start_paused = true)]
async fn a_dump_has_all_that_a_template_says_and_no_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let text = "theirs @ git+https://TOKEN@h/o/theirs.git\nopengris-scaler @ git+https://me:TOKEN@h/o/r.git@main";
    let change = |config: &mut Ec2Config| {
        config.debug_dump = Some(folder.path().to_owned());
        let requirements = Requirements::parse(text.to_owned()).unwrap();
        config.install = Some(Install { python_version: "3.12".to_owned(), requirements });
        config.root_volume = RootVolume { gib: Some(9), kind: Some("io2".to_owned()), iops: Some(4_000) };
        config.on_demand_types = vec!["c5.xlarge".to_owned()];
        (config.market, config.max_price) = (Market::Heterogeneous, Some("0.05".to_owned()));
        config.way = Way::Fleet(FleetChoice {
            spot_strategy: Some("diversified".to_owned()),
            on_demand_strategy: Some("prioritized".to_owned()),
            percent_on_demand: Some(20),
        });
    };
    Fake::default().provider(change).await.unwrap();
    for name in ["config", "template"] {
        let text = std::fs::read_to_string(folder.path().join(format!("orb_debug_{name}_scaler-wm.json"))).unwrap();
        assert!(text.contains("***@h/o/r.git") && !text.contains("TOKEN"), "{text}");
        let file = folder.path().join(format!("orb_debug_{name}_scaler-wm.json"));
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // It is a template again.
    let template = Template::read_file(&folder.path().join("orb_debug_template_scaler-wm.json"), None).unwrap();
    assert_eq!((template.provider_api, template.market), (ProviderApi::Ec2Fleet, Market::Heterogeneous));
    assert_eq!(
        (template.root_volume_gib, template.volume_type.as_deref(), template.iops),
        (Some(9), Some("io2"), Some(4_000))
    );
    assert_eq!(template.allocation_strategy.as_deref(), Some("diversified"));
    assert_eq!(template.allocation_strategy_on_demand.as_deref(), Some("prioritized"));
    assert_eq!((template.percent_on_demand, template.max_price.as_deref()), (Some(20), Some("0.05")));
    assert_eq!((template.on_demand_types.len(), template.instance_types.len()), (1, 1));
    let plain = |config: &mut Ec2Config| {
        config.debug_dump = Some(folder.path().to_owned());
        config.launch_template = Some(("lt-9000".to_owned(), Some("3".to_owned())));
    };
    Fake::default().provider(plain).await.unwrap();
    let template = Template::read_file(&folder.path().join("orb_debug_template_scaler-wm.json"), None).unwrap();
    assert_eq!(template.launch_template, Some(("lt-9000".to_owned(), Some("3".to_owned()))));
    assert_eq!(template.provider_api, ProviderApi::RunInstances);
}
