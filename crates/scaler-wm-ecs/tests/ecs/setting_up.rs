//! Cluster, task definition and role.

use scaler_wm_core::ErrorKind;

use crate::fake::{Fake, Next};

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_made_and_what_is_there_is_left_alone() {
    let fake = Fake::default();
    fake.provider(|config| config.log_group = Some("/ecs/scaler".to_owned())).await.unwrap();
    let made = [
        "DescribeClusters",
        "CreateCluster",
        "DescribeTaskDefinition",
        "GetRole",
        "CreateRole",
        "AttachRolePolicy",
        "RegisterTaskDefinition",
    ];
    assert_eq!(fake.operations(), made);
    let definition = &fake.calls("RegisterTaskDefinition")[0];
    assert_eq!(definition["family"], "scaler-task-definition");
    assert_eq!((&definition["cpu"], &definition["memory"]), (&"4096".into(), &"30720".into()));
    assert_eq!(definition["networkMode"], "awsvpc");
    assert_eq!(definition["executionRoleArn"], "arn:aws:iam::1:role/ecsTaskExecutionRole");
    assert_eq!(definition["runtimePlatform"]["cpuArchitecture"], "X86_64");
    let container = &definition["containerDefinitions"][0];
    assert_eq!(container["name"], "scaler-container");
    assert_eq!(container["logConfiguration"]["options"]["awslogs-group"], "/ecs/scaler");

    fake.provider(|_| {}).await.unwrap();
    assert_eq!(fake.operations()[made.len()..], ["DescribeClusters", "DescribeTaskDefinition"]);
}

#[tokio::test(start_paused = true)]
async fn starting_goes_on_while_aws_does_not_answer() {
    let fake = Fake::default();
    let throttled = Next::Fails("ThrottlingException", "Rate exceeded");
    fake.script("DescribeClusters", vec![throttled; 8]);
    fake.script("CreateCluster", vec![Next::LosesReply; 2]);
    fake.script("DescribeTaskDefinition", vec![Next::Fails("ExpiredTokenException", "expired"); 2]);
    fake.provider(|_| {}).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_ends_it_with_the_reason() {
    let fake = Fake::default();
    let message = "User: arn:x is not authorized to perform: ecs:CreateCluster";
    fake.script("CreateCluster", [Next::Fails("AccessDeniedException", message)]);
    let error = fake.provider(|_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let text = error.to_string();
    assert!(text.contains("create the cluster") && text.contains(message), "{text}");
}
