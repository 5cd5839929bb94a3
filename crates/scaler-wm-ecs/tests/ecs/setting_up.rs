//! Cluster, task definition and role.

use scaler_wm_core::ErrorKind;
use scaler_wm_options::CapacityProvider;

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
async fn a_role_that_another_manager_makes_meanwhile_is_taken() {
    let fake = Fake::default();
    fake.script("CreateRole", [Next::Fails("EntityAlreadyExists", "")]);
    fake.provider(|_| {}).await.unwrap();
    assert_eq!(fake.calls("GetRole").len(), 2);
    assert_eq!(fake.calls("AttachRolePolicy").len(), 1, "whoever tried to make it sees to its policy");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_known_everywhere_yet_is_waited_for() {
    let fake = Fake::default();
    let not_yet = Next::Fails("AccessDeniedException", "is not authorized to perform: iam:PassRole");
    fake.script("RegisterTaskDefinition", vec![not_yet.clone(); 4]);
    fake.provider(|_| {}).await.unwrap();
    // One that was there all the time is known.
    let fake = Fake::default();
    fake.script("CreateRole", [Next::Fails("EntityAlreadyExists", "")]);
    fake.provider(|_| {}).await.unwrap();
    fake.lose_definition();
    fake.script("RegisterTaskDefinition", [not_yet]);
    assert_eq!(fake.provider(|_| {}).await.unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_the_capacity_providers_is_told_with_the_way_out() {
    let fake = Fake::default();
    fake.provider(|_| {}).await.unwrap();
    let spot = CapacityProvider { name: "FARGATE_SPOT".to_owned(), weight: 1, base: 0 };
    let error = fake.provider(|config| config.capacity_providers = vec![spot]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let text = error.to_string();
    assert!(text.contains("put-cluster-capacity-providers") && text.contains("FARGATE_SPOT"), "{text}");
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
