//! A launch: one `RunTask` call with everything in it, frozen.

use scaler_wm_aws::Tags;
use scaler_wm_core::{Error, ErrorKind, Launch, LaunchId, Result, Tier};
use scaler_wm_options::CapacityProvider;
use serde::{Deserialize, Serialize};

use crate::{EcsConfig, start_line::start_line};

/// The tier of capacity providers, tried first.
const PROVIDERS: &str = "capacity-providers";
/// The tier of tasks on demand.
const ON_DEMAND: &str = "on-demand";
/// The container that the released manager's task definition has.
pub(crate) const CONTAINER: &str = "scaler-container";

/// Every parameter of a `RunTask` call but its count and its token, which stand in the launch itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunTask {
    pub(crate) cluster: String,
    pub(crate) task_definition: String,
    pub(crate) started_by: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) subnets: Vec<String>,
    pub(crate) security_groups: Vec<String>,
    pub(crate) public_ip: bool,
    pub(crate) platform_version: Option<String>,
    pub(crate) ephemeral_storage_gib: Option<i32>,
    pub(crate) task_role: Option<String>,
    /// Name, weight and base of each capacity provider; on demand where there is none.
    pub(crate) providers: Vec<(String, i32, i32)>,
}

impl RunTask {
    /// The call that `config` and a tier describe.
    pub(crate) fn new(config: &EcsConfig, task_definition: &str, launch: &LaunchId, tier: &Tier) -> Result<Self> {
        let of_tier = |provider: &CapacityProvider| (provider.name.clone(), provider.weight, provider.base);
        let providers = match tier.as_str() {
            ON_DEMAND => Vec::new(),
            PROVIDERS => config.capacity_providers.iter().map(of_tier).collect(),
            other => return Err(Error::new(ErrorKind::Invalid, "prepare tasks", format!("there is no tier {other}"))),
        };
        Ok(Self {
            cluster: config.cluster.clone(),
            task_definition: task_definition.to_owned(),
            started_by: config.workers.owner(),
            tags: Tags::of(&config.workers.manager, launch, tier, &config.tags).into_pairs(),
            environment: environment(config),
            subnets: config.subnets.clone(),
            security_groups: config.security_groups.clone(),
            public_ip: config.public_ip,
            platform_version: config.platform_version.clone(),
            ephemeral_storage_gib: config.ephemeral_storage_gib,
            task_role: config.task_role.clone(),
            providers,
        })
    }

    /// That of a launch.
    pub(crate) fn of(launch: &Launch) -> Result<Self> {
        serde_json::from_slice(&launch.spec).map_err(|error| {
            let context = format!("launch {} is none of this provider", launch.id);
            Error::new(ErrorKind::Invalid, "start tasks", context).with_source(error)
        })
    }
}

/// Where tasks can come from, best first.
pub(crate) fn tiers(config: &EcsConfig) -> Vec<Tier> {
    let mut tiers = vec![Tier::from(ON_DEMAND)];
    if !config.capacity_providers.is_empty() {
        tiers.insert(0, Tier::from(PROVIDERS));
    }
    tiers
}

/// The environment of a task.
pub(crate) fn environment(config: &EcsConfig) -> Vec<(String, String)> {
    let mut environment = config.environment.clone();
    environment.extend([
        ("COMMAND".to_owned(), start_line(&config.workers)),
        ("PYTHON_REQUIREMENTS".to_owned(), config.python_requirements.clone()),
        ("PYTHON_VERSION".to_owned(), config.python_version.clone()),
    ]);
    environment
}
