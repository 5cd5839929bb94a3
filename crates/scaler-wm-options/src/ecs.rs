//! `aws_raw_ecs`: workers in ECS tasks on Fargate.

use scaler_wm_core::options::{
    CONTROL, Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionError, OptionSpec, Preset, Values, WORKER,
};

use crate::{Section, section::MANAGER_TABLES, security::TRUST};

/// Workers in AWS ECS tasks, launch type Fargate.
pub const AWS_RAW_ECS: Section = Section {
    name: "aws_raw_ecs",
    about: "Workers in AWS ECS tasks (Fargate)",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, CONTROL, TRUST, LOCAL_POLICY],
    check,
    examples: &[
        "aws_raw_ecs tcp://203.0.113.5:8516 --ecs-subnets subnet-0a1,subnet-0b2 --max-task-concurrency 40",
        "aws_raw_ecs tcp://203.0.113.5:8516 --ecs-subnets subnet-0a1 --ecs-capacity-providers FARGATE_SPOT=3,FARGATE=1",
    ],
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
    OptionSpec::new(
        "aws_profile",
        Kind::Text,
        Preset::Described("the SDK's own chain of credentials"),
        "Named profile of the AWS configuration.",
    )
    .value("NAME")
    .sample("default")
    .ours(),
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
    OptionSpec::new(
        "ecs_capacity_providers",
        Kind::Pairs,
        Preset::Described("Fargate on demand"),
        "Capacity providers that tasks are spread over, each with its weight and, after a colon, how many tasks it gets \
         first. While they have no capacity, tasks start on demand.",
    )
    .value("NAME=WEIGHT[:BASE],…")
    .sample("FARGATE_SPOT=3,FARGATE=1:2")
    .ours(),
    OptionSpec::new(
        "ecs_security_groups",
        Kind::List,
        Preset::Described("the default group of the subnets' VPC"),
        "Security groups of tasks, separated by commas.",
    )
    .value("LIST")
    .sample("sg-0123456789abcdef0")
    .ours(),
    OptionSpec::new(
        "ecs_public_ip",
        Kind::Choice(&["enabled", "disabled"]),
        Preset::Text("enabled"),
        "Whether tasks get a public address; without one their subnets need another way out, such as a NAT gateway.",
    )
    .value("WHETHER")
    .ours(),
    OptionSpec::new(
        "ecs_platform_version",
        Kind::Text,
        Preset::Described("the latest"),
        "Fargate platform version of tasks; 1.4.0 or later, so that a task can tell its own name.",
    )
    .value("VERSION")
    .sample("1.4.0")
    .ours(),
    OptionSpec::new(
        "ecs_ephemeral_storage",
        Kind::Integer { min: 21, special: None },
        Preset::Described("Fargate's own, 20 GiB"),
        "Ephemeral storage of a task in GiB, 21 to 200.",
    )
    .value("GIB")
    .sample("50")
    .ours(),
    OptionSpec::new(
        "ecs_environment",
        Kind::Pairs,
        Preset::Nothing,
        "Further environment variables of tasks.",
    )
    .value("K=V,…")
    .sample("TZ=UTC")
    .ours(),
    OptionSpec::new(
        "ecs_tags",
        Kind::Pairs,
        Preset::Nothing,
        "Further tags of tasks, beside those by which this manager finds its own.",
    )
    .value("K=V,…")
    .sample("team=quant")
    .ours(),
    OptionSpec::new(
        "ecs_task_role",
        Kind::Text,
        Preset::Described("that of the task definition"),
        "Role that a task's own code acts under, by its ARN.",
    )
    .value("ROLE")
    .sample("arn:aws:iam::123456789012:role/scaler-task")
    .ours(),
    OptionSpec::new(
        "ecs_log_group",
        Kind::Text,
        Preset::Nothing,
        "CloudWatch log group, which must be there, for what tasks print; followed when the task definition is registered.",
    )
    .value("NAME")
    .sample("/ecs/scaler")
    .ours(),
    OptionSpec::new(
        "ecs_tasks_per_second",
        Kind::PositiveFloat,
        Preset::Float(20.0),
        "Tasks that may start in a second, once the burst is used up: the account's quota for Fargate.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "ecs_tasks_burst",
        Kind::PositiveFloat,
        Preset::Float(100.0),
        "Tasks that may start at once: the account's quota for Fargate.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "ecs_calls_per_second",
        Kind::PositiveFloat,
        Preset::Float(20.0),
        "Calls of each kind (start, stop, look) in a second; a call that AWS throttles slows its kind down for a while.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "ready_timeout_seconds",
        Kind::PositiveFloat,
        Preset::Float(600.0),
        "Seconds that a task may take until a worker of its has reached the scheduler; then it is stopped and replaced.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "observe_interval_seconds",
        Kind::PositiveFloat,
        Preset::Float(10.0),
        "Seconds between two looks at what runs; while tasks start or stop they are two at most.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "on_exit",
        Kind::Choice(&["stop", "keep"]),
        Preset::Text("stop"),
        "What becomes of tasks when this manager is told to stop: stop stops them, keep leaves them to the next manager \
         with the same id.",
    )
    .value("WHAT")
    .ours(),
];

fn check(values: &Values) -> Result<(), OptionError> {
    if values.texts("ecs_subnets").is_empty() {
        return Err(
            values.problem("ecs_subnets", "it names no subnet; give at least one, such as subnet-0123456789abcdef0")
        );
    }
    if values.maybe_integer("ecs_ephemeral_storage").is_some_and(|size| size > 200) {
        return Err(values.problem("ecs_ephemeral_storage", "Fargate gives a task 200 GiB at most"));
    }
    for (key, most) in [("ecs_subnets", 16), ("ecs_security_groups", 5)] {
        let count = values.maybe_texts(key).unwrap_or_default().len();
        if count > most {
            return Err(values.problem(key, format!("it names {count}, and ECS takes {most} at most")));
        }
    }
    let tags = values.maybe_pairs("ecs_tags").unwrap_or_default();
    if let Some(name) = tags.keys().find(|name| name.starts_with("aws:") || name.starts_with("scaler-wm:")) {
        return Err(values.problem("ecs_tags", format!("{name} begins with what is reserved (aws:, scaler-wm:)")));
    }
    if tags.len() > MOST_TAGS {
        return Err(
            values.problem("ecs_tags", format!("{} tags are more than the {MOST_TAGS} that are left", tags.len()))
        );
    }
    let environment = values.maybe_pairs("ecs_environment").unwrap_or_default();
    if let Some(name) = OWN_VARIABLES.iter().find(|name| environment.contains_key(**name)) {
        return Err(values.problem("ecs_environment", format!("{name} is what this manager itself tells a task")));
    }
    capacity_providers(values).map(drop)
}

/// Tags that ECS takes, without those of this manager.
const MOST_TAGS: usize = 47;

/// Variables of a task by which the image learns what to run.
const OWN_VARIABLES: &[&str] = &["COMMAND", "PYTHON_REQUIREMENTS", "PYTHON_VERSION"];

/// A capacity provider that tasks are spread over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityProvider {
    /// Its name, such as `FARGATE_SPOT`.
    pub name: String,
    /// Its share of the tasks, relative to the others.
    pub weight: i32,
    /// How many tasks it gets before the shares count.
    pub base: i32,
}

/// What `ecs_capacity_providers` says; empty where tasks start on demand.
///
/// # Errors
/// When a weight or a base is none.
pub fn capacity_providers(values: &Values) -> Result<Vec<CapacityProvider>, OptionError> {
    let key = "ecs_capacity_providers";
    let mut providers = Vec::new();
    for (name, shares) in values.maybe_pairs(key).unwrap_or_default() {
        let (weight, base) = shares.split_once(':').unwrap_or((&shares, "0"));
        let number = |text: &str, highest: i32| text.trim().parse().ok().filter(|n| (0..=highest).contains(n));
        // As the API bounds them.
        match (number(weight, 1_000), number(base, 100_000)) {
            (Some(weight), Some(base)) => providers.push(CapacityProvider { name, weight, base }),
            _ => {
                let problem = format!(
                    "{name}={shares} is no weight (0 to 1000), with a base (0 to 100000) after a colon; write \
                     FARGATE_SPOT=3,FARGATE=1:2"
                );
                return Err(values.problem(key, problem));
            }
        }
    }
    if providers.len() > 20 {
        return Err(values.problem(key, format!("it names {}, and ECS takes 20 at most", providers.len())));
    }
    if !providers.is_empty() && providers.iter().all(|provider| provider.weight == 0) {
        return Err(values.problem(key, "no provider has a weight above 0, and so none would get a task"));
    }
    if providers.iter().filter(|provider| provider.base > 0).count() > 1 {
        return Err(values.problem(key, "only one provider may have a base"));
    }
    Ok(providers)
}
