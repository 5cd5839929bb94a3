//! From options to a configuration.

use scaler_wm_core::{
    ManagerId,
    options::{Found, OptionError, OptionSpec, resolve},
};
use scaler_wm_ecs::{EcsConfig, SECTION};

fn config(given: &[(&'static str, &str)]) -> Result<EcsConfig, OptionError> {
    let found: Vec<Found> = [("scheduler_address", "tcp://h:1"), ("ecs_subnets", "subnet-1,subnet-2")]
        .iter()
        .chain(given)
        .map(|(key, text)| Found::behind_flag(key, text))
        .collect();
    let specs: Vec<&OptionSpec> = SECTION.specs().collect();
    EcsConfig::from_values(&resolve(&specs, &found, |_| None, &[])?, &ManagerId::from("m"))
}

#[test]
fn defaults_are_those_of_the_released_manager() {
    let config = config(&[]).unwrap();
    assert_eq!(
        (config.cluster.as_str(), config.task_definition.as_str()),
        ("scaler-cluster", "scaler-task-definition")
    );
    assert_eq!(config.subnets, ["subnet-1", "subnet-2"]);
    assert_eq!((config.workers.count.get(), config.memory_gb), (4, 30));
    assert_eq!(config.image, "public.ecr.aws/v4u8j8r6/scaler:latest");
    assert_eq!(config.python_requirements, "tomli;pargraph;parfun;pandas");
    assert!(config.public_ip && config.capacity_providers.is_empty() && config.aws.keys.is_none());
    assert_eq!(config.aws.region, "us-east-1");
}

#[test]
fn what_is_given_arrives() {
    let config = config(&[
        ("ecs_capacity_providers", "FARGATE_SPOT=3,FARGATE=1:2"),
        ("ecs_public_ip", "DISABLED"),
        ("ecs_environment", "TZ=UTC"),
        ("ecs_task_cpu", "8"),
        ("ecs_tasks_per_second", "5"),
        ("aws_access_key_id", "ID"),
        ("aws_secret_access_key", "hush"),
        ("worker_scheduler_address", "tcp://outside:2"),
    ])
    .unwrap();
    let providers: Vec<(&str, i32, i32)> =
        config.capacity_providers.iter().map(|one| (one.name.as_str(), one.weight, one.base)).collect();
    assert_eq!(providers, [("FARGATE", 1, 2), ("FARGATE_SPOT", 3, 0)]);
    assert!(!config.public_ip);
    assert_eq!(config.environment, [("TZ".to_owned(), "UTC".to_owned())]);
    assert_eq!((config.workers.count.get(), config.paces.tasks.per_second), (8, 5.0));
    assert_eq!(config.workers.scheduler.to_string(), "tcp://outside:2");
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn mistakes_are_told_with_their_flags() {
    let long = "x".repeat(9_000);
    for (given, words) in [
        (("ecs_capacity_providers", "FARGATE_SPOT=many"), "is no weight"),
        (("ecs_capacity_providers", "FARGATE_SPOT=0"), "no provider has a weight"),
        (("ecs_capacity_providers", "A=1:1,B=1:1"), "only one provider"),
        (("ecs_ephemeral_storage", "500"), "200 GiB"),
        (("ecs_environment", "COMMAND=x"), "COMMAND"),
        (("ecs_tags", "scaler-wm:x=1"), "reserved"),
        (("aws_access_key_id", "ID"), "--aws-secret-access-key"),
        (("ecs_python_requirements", long.as_str()), "8192"),
        (("ecs_subnets", ""), "names no subnet"),
    ] {
        let error = config(&[given]).unwrap_err().to_string();
        let flag = format!("--{}: ", given.0.replace('_', "-"));
        assert!(error.starts_with(&flag) && error.contains(words), "{error}");
    }
}
