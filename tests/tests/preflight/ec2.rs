//! Instances of EC2.

use scaler_wm_tests::{ApiError, Ec2Options, Ec2Stack, Ec2StackOptions, Faults, Result};

use crate::setup::{mend, nothing_changed, outside, plant};

fn start() -> Result<Ec2Stack> {
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    Ec2Stack::start(Ec2StackOptions { emulator, ..Ec2StackOptions::default() })
}

#[test]
fn all_is_good_and_nothing_is_made() -> Result<()> {
    let ec2 = start()?;
    let client = ec2.cloud.emulator.client();
    let looked = ec2.preflight(&outside(&[]))?;
    looked.is_good(&[
        "credentials",
        "subnets",
        "instance types",
        "image",
        "zones",
        "addresses",
        "permission ec2:RunInstances",
        "permission ec2:CreateKeyPair",
        "permission ec2:CreateSecurityGroup",
    ])?;
    looked.says("instance types", "ok", &["c5.large", "2 workers"])?;
    looked.says("quota", "skipped", &["service-quotas"])?;
    nothing_changed(&ec2)?;
    let made = ec2.cloud.emulator.resources()?;
    ec2.check(made.is_empty(), "nothing made", format!("{made:?}"))?;

    // What is named, and there.
    client.ec2("CreateKeyPair", &[("KeyName", "mine")])?.ok()?;
    let group = client.ec2("DescribeSecurityGroups", &[])?.texts("groupId").remove(0);
    let named = ["--key-name", "mine", "--security-group-ids", &group];
    ec2.preflight(&outside(&named))?.is_good(&["key pair", "security groups", "permission ec2:RunInstances"])?;
    let fleet = ["--allocation-strategy", "lowest-price"];
    ec2.preflight(&outside(&fleet))?.is_good(&["permission ec2:CreateLaunchTemplate", "permission ec2:CreateFleet"])
}

#[test]
fn whatever_is_named_and_not_there_is_found() -> Result<()> {
    let ec2 = start()?;
    let group = "sg-0123456789abcdef0";
    for (flag, value, name, words) in [
        ("--subnet-id", "subnet-0123456789abcdef0", "subnets", ["subnet-0123456789abcdef0", "--subnet-id"]),
        ("--image-id", "ami-0123456789abcdef0", "image", ["ami-0123456789abcdef0", "--image-id"]),
        ("--instance-type", "c5.enormous", "instance types", ["c5.enormous", "--instance-type"]),
    ] {
        ec2.preflight(&outside(&[flag, value]))?.has_failed(name, &words)?;
    }
    // Of these a dry run of the launch knows as well.
    for (flag, value, name, words) in [
        ("--key-name", "nobodys", "key pair", ["nobodys", "--key-name"]),
        ("--security-group-ids", group, "security groups", [group, "--security-group-ids"]),
    ] {
        let looked = ec2.preflight(&outside(&[flag, value]))?;
        ec2.check(looked.code == Some(1), "exit code 1", &looked.said)?;
        looked.says(name, "failed", &words)?;
    }
    nothing_changed(&ec2)
}

#[test]
fn what_is_not_allowed_is_found_by_dry_runs() -> Result<()> {
    let ec2 = start()?;
    let denied = |operation: &str| {
        ApiError::new("UnauthorizedOperation", "You are not authorized to perform this operation.")
            .on(operation)
            .status(403)
    };
    for (operation, name, permission) in [
        ("DescribeSubnets", "subnets", "allow ec2:DescribeSubnets"),
        ("DescribeImages", "image", "allow ec2:DescribeImages"),
        ("RunInstances", "permission ec2:RunInstances", "allow ec2:RunInstances"),
        ("TerminateInstances", "permission ec2:TerminateInstances", "allow ec2:TerminateInstances"),
        ("CreateKeyPair", "permission ec2:CreateKeyPair", "allow ec2:CreateKeyPair"),
        ("CreateSecurityGroup", "permission ec2:CreateSecurityGroup", "allow ec2:CreateSecurityGroup"),
    ] {
        plant(&ec2, denied(operation));
        ec2.preflight(&outside(&[]))?.has_failed(name, &["not authorized", permission])?;
    }
    plant(
        &ec2,
        ApiError::new("AuthFailure", "AWS was not able to validate the provided access credentials").status(401),
    );
    ec2.preflight(&outside(&[]))?.has_failed("account", &["validate", "AWS_ACCESS_KEY_ID"])?;
    ec2.cloud.proxy.set_faults(Faults { is_down: true, ..Faults::default() });
    ec2.preflight(&outside(&[]))?.has_failed("account", &["--aws-region"])?;
    mend(&ec2);
    nothing_changed(&ec2)
}
