//! From options to a configuration.

use std::num::NonZeroU32;

use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{
    ManagerId,
    options::{OptionError, Values},
};
use scaler_wm_options::{Section, capacity_providers};

use crate::{EcsConfig, Paces, launch::environment};

/// The options of `aws_raw_ecs`.
pub const SECTION: Section = scaler_wm_options::AWS_RAW_ECS;

impl EcsConfig {
    /// The configuration that these values of [`SECTION`]'s options describe.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together.
    pub fn from_values(values: &Values, manager: &ManagerId) -> Result<Self, OptionError> {
        (SECTION.check)(values)?;
        both_keys(values)?;
        let cpu = values.fitting::<u32>("ecs_task_cpu")?;
        let cpu = NonZeroU32::new(cpu).ok_or_else(|| values.problem("ecs_task_cpu", "a task needs a vCPU"))?;
        let pairs = |key| values.maybe_pairs(key).unwrap_or_default().into_iter().collect();
        let size = values.maybe_integer("ecs_ephemeral_storage").map(|_| values.fitting("ecs_ephemeral_storage"));
        let config = Self {
            aws: AwsSettings::from_values(values),
            cluster: values.text("ecs_cluster"),
            task_definition: values.text("ecs_task_definition"),
            image: values.text("ecs_task_image"),
            memory_gb: values.fitting("ecs_task_memory")?,
            log_group: values.maybe_text("ecs_log_group"),
            python_version: values.text("ecs_python_version"),
            python_requirements: values.text("ecs_python_requirements"),
            subnets: values.texts("ecs_subnets"),
            security_groups: values.maybe_texts("ecs_security_groups").unwrap_or_default(),
            public_ip: values.text("ecs_public_ip") == "enabled",
            platform_version: values.maybe_text("ecs_platform_version"),
            ephemeral_storage_gib: size.transpose()?,
            task_role: values.maybe_text("ecs_task_role"),
            environment: pairs("ecs_environment"),
            tags: pairs("ecs_tags"),
            capacity_providers: capacity_providers(values)?,
            workers: WorkerCommand::from_values(values, manager, cpu),
            paces: Paces::new(
                values.float("ecs_tasks_burst"),
                values.float("ecs_tasks_per_second"),
                values.float("ecs_calls_per_second"),
            ),
            ready_within: values.seconds("ready_timeout_seconds"),
            observe_every: values.seconds("observe_interval_seconds"),
        };
        let length = overrides_length(&config);
        if length > LONGEST_OVERRIDES {
            let problem = format!(
                "start line, requirements and environment of a task have {length} characters, and ECS takes \
                 {LONGEST_OVERRIDES}: shorten ecs_environment (--ecs-environment) or bring packages in the image"
            );
            return Err(values.problem("ecs_python_requirements", problem));
        }
        Ok(config)
    }
}

/// Half a key is none. The released manager notices at its first call.
fn both_keys(values: &Values) -> Result<(), OptionError> {
    let keys = ["aws_access_key_id", "aws_secret_access_key"];
    match keys.map(|key| values.maybe_secret(key).is_some()) {
        [true, false] => Err(values.problem(keys[0], "it comes with aws_secret_access_key (--aws-secret-access-key)")),
        [false, true] => Err(values.problem(keys[1], "it comes with aws_access_key_id (--aws-access-key-id)")),
        _ => Ok(()),
    }
}

/// What a call may override of a task definition, in characters of JSON.
const LONGEST_OVERRIDES: usize = 8_192;

/// How long the overrides of a call are, about.
fn overrides_length(config: &EcsConfig) -> usize {
    let environment = environment(config);
    let pairs = environment.iter().map(|(name, value)| serde_json::json!({"name": name, "value": value}));
    pairs.map(|pair| pair.to_string().len() + 1).sum()
}
