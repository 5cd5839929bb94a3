//! `aws_raw_ecs`: workers in ECS tasks on Fargate.

use scaler_wm_core::options::{
    Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionError, OptionSpec, Preset, Values, WORKER,
};

use crate::{Section, section::MANAGER_TABLES, security::TRUST};

/// Workers in AWS ECS tasks, launch type Fargate.
pub const AWS_RAW_ECS: Section = Section {
    name: "aws_raw_ecs",
    about: "Workers in AWS ECS tasks (Fargate)",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, TRUST, LOCAL_POLICY],
    check,
    examples: &["aws_raw_ecs tcp://203.0.113.5:8516 --ecs-subnets subnet-0a1,subnet-0b2 --max-task-concurrency 40"],
    tables: MANAGER_TABLES,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(
        "aws_access_key_id",
        Kind::Secret,
        Preset::Described("the SDK's own chain of credentials"),
        "AWS access key id.",
    )
    .environment("AWS_ACCESS_KEY_ID")
    .value("ID"),
    OptionSpec::new(
        "aws_secret_access_key",
        Kind::Secret,
        Preset::Described("the SDK's own chain of credentials"),
        "AWS secret access key; better in its environment variable, as others can read command lines.",
    )
    .environment("AWS_SECRET_ACCESS_KEY")
    .value("KEY"),
    OptionSpec::new("aws_region", Kind::Text, Preset::Text("us-east-1"), "AWS region of the cluster.").value("REGION"),
    OptionSpec::new("ecs_subnets", Kind::List, Preset::Required, "Subnets in which tasks start, separated by commas.")
        .value("LIST")
        .sample("subnet-0123456789abcdef0"),
    OptionSpec::new(
        "ecs_cluster",
        Kind::Text,
        Preset::Text("scaler-cluster"),
        "Name of the cluster; it is created when it is missing or inactive.",
    )
    .value("NAME"),
    OptionSpec::new(
        "ecs_task_image",
        Kind::Text,
        Preset::Text("public.ecr.aws/v4u8j8r6/scaler:latest"),
        "Container image of tasks.",
    )
    .value("IMAGE"),
    OptionSpec::new(
        "ecs_python_requirements",
        Kind::AnyText,
        Preset::Text("tomli;pargraph;parfun;pandas"),
        "Python packages that a task installs, separated by semicolons.",
    )
    .value("LIST"),
    OptionSpec::new("ecs_python_version", Kind::AnyText, Preset::Text("3.12.11"), "Python version of tasks.")
        .value("VERSION"),
    OptionSpec::new(
        "ecs_task_definition",
        Kind::Text,
        Preset::Text("scaler-task-definition"),
        "Family of the task definition; it is registered when it is missing.",
    )
    .value("NAME"),
    OptionSpec::new(
        "ecs_task_cpu",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(4),
        "vCPUs of a task, and so its workers.",
    )
    .value("N"),
    OptionSpec::new(
        "ecs_task_memory",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(30),
        "Memory of a task in GB.",
    )
    .value("GB"),
];

fn check(values: &Values) -> Result<(), OptionError> {
    if values.texts("ecs_subnets").is_empty() {
        return Err(
            values.problem("ecs_subnets", "it names no subnet; give at least one, such as subnet-0123456789abcdef0")
        );
    }
    Ok(())
}
