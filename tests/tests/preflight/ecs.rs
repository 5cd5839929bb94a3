//! Tasks of ECS.

use scaler_wm_tests::{ApiError, EcsStack, EcsStackOptions, Faults, Result};
use serde_json::json;

use crate::setup::{mend, nothing_changed, outside, plant, told};

/// What a user names by default.
const FAMILY: &str = "scaler-task-definition";

#[test]
fn an_empty_account_is_good_and_stays_empty() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions::default())?;
    let looked = ecs.preflight(&outside(&[]))?;
    looked.is_good(&["credentials", "cluster", "task definition", "execution role", "permission ecs:ListTasks"])?;
    looked.says("cluster", "ok", &["made at the start"])?;
    looked.says("subnets", "skipped", &["subnet-1"])?;
    looked.says("permission ecs:RunTask", "skipped", &["no dry run"])?;
    nothing_changed(&ecs)?;
    // Workers in a cloud do not find the scheduler at this host's own loopback.
    let looked = ecs.preflight(&told(&[]))?;
    ecs.stack.check(looked.code == Some(0), "exit code 0", &looked.said)?;
    looked.says("workers' scheduler", "warning", &["tcp://127.0.0.1", "--worker-scheduler-address"])
}

#[test]
fn who_we_are_and_what_we_may_is_found() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions::default())?;
    let mut nobody = outside(&[]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        nobody.environment.push((name.to_owned(), String::new()));
    }
    let looked = ecs.preflight(&nobody)?;
    looked.has_failed("credentials", &["no AWS credentials were found", "AWS_ACCESS_KEY_ID", "--aws-profile"])?;
    looked.says("account", "skipped", &["credentials"])?;

    plant(&ecs, ApiError::new("UnrecognizedClientException", "The security token included in the request is invalid"));
    ecs.preflight(&outside(&[]))?.has_failed("account", &["security token", "--aws-profile"])?;

    let denied =
        |operation: &str| ApiError::new("AccessDeniedException", "not authorized to perform this").on(operation);
    for (operation, name, permission) in [
        ("DescribeClusters", "cluster", "allow ecs:DescribeClusters"),
        ("DescribeTaskDefinition", "task definition", "allow ecs:DescribeTaskDefinition"),
        ("GetRole", "execution role", "allow iam:GetRole"),
        ("ListTasks", "permission ecs:ListTasks", "allow ecs:ListTasks"),
    ] {
        plant(&ecs, denied(operation));
        ecs.preflight(&outside(&[]))?.has_failed(name, &["not authorized", permission])?;
    }

    ecs.cloud.proxy.set_faults(Faults { is_down: true, ..Faults::default() });
    ecs.preflight(&outside(&[]))?.has_failed("account", &["--aws-region", "AWS_ENDPOINT_URL"])?;
    mend(&ecs);
    ecs.preflight(&outside(&[]))?.is_good(&["credentials", "cluster"])?;
    nothing_changed(&ecs)
}

#[test]
fn what_is_there_and_does_not_fit_is_found() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions::default())?;
    let client = ecs.cloud.emulator.client();
    client.ecs("CreateCluster", &json!({"clusterName": "mine"}))?.ok()?;
    let spot = ["--ecs-cluster", "mine", "--ecs-capacity-providers", "FARGATE_SPOT=1"];
    ecs.preflight(&outside(&spot))?.has_failed("cluster", &["FARGATE_SPOT", "put-cluster-capacity-providers"])?;
    ecs.preflight(&outside(&["--ecs-cluster", "mine"]))?.says("cluster", "ok", &["is active"])?;

    let register = |container: &str, cpu: &str| {
        let definition = json!({
            "family": FAMILY,
            "cpu": cpu,
            "memory": "30720",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{"name": container, "image": "registry.invalid/scaler", "essential": true}],
        });
        client.ecs("RegisterTaskDefinition", &definition)?.ok().map(|_| ())
    };
    register("somebody-elses", "4096")?;
    let named = ["--ecs-task-definition", FAMILY];
    ecs.preflight(&outside(&named))?.has_failed("task definition", &["no container named", "--ecs-task-definition"])?;
    register("scaler-container", "256")?;
    let looked = ecs.preflight(&outside(&named))?;
    ecs.stack.check(looked.code == Some(0), "exit code 0", &looked.said)?;
    looked.says("task definition", "warning", &["256 CPU units", "--ecs-task-cpu"])?;
    register("scaler-container", "4096")?;
    ecs.preflight(&outside(&named))?.is_good(&["task definition"])
}
