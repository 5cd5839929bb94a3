//! What launches stand on is found or made, and removed at the end.

use scaler_wm_core::{ErrorKind, Limit, Provider};
use scaler_wm_ec2::RootVolume;

use crate::{
    fake::{Fake, Next},
    launching::prepare,
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
    assert_eq!(fake.operations()[..6].len(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_image_is_found_for_what_runs_it() {
    let fake = Fake::default();
    let change = |config: &mut scaler_wm_ec2::Ec2Config| {
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
async fn a_group_that_is_still_held_is_told_and_a_moment_is_waited_for() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    fake.script("DeleteSecurityGroup", vec![Next::Fails("DependencyViolation", "held"); 3]);
    provider.sweep().await.unwrap();
    let provider = fake.provider(|_| {}).await.unwrap();
    provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
    let error = provider.sweep().await.unwrap_err();
    assert!(error.to_string().contains("the security group sg-1 is left"), "{error}");
    assert_eq!(fake.temporary(), [0, 1, 0], "the key pair is gone all the same");
}

#[tokio::test(start_paused = true)]
async fn a_mistake_is_told_with_the_way_out() {
    for (operation, code, advice) in [
        ("DescribeSubnets", "InvalidSubnetID.NotFound", "--subnet-id"),
        ("DescribeImages", "InvalidAMIID.NotFound", "--image-id"),
        ("DescribeInstanceTypes", "InvalidInstanceType", "--instance-type"),
    ] {
        let fake = Fake::default();
        fake.script(operation, [Next::Fails(code, "it does not exist")]);
        let error = fake.provider(|config| config.subnets = vec!["subnet-1".to_owned()]).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(advice), "{error}");
    }
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
