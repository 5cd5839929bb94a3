//! What the provider is told.

use std::time::Duration;

use scaler_wm_aws::{AwsSettings, Rate, WorkerCommand};
use scaler_wm_options::CapacityProvider;

/// What tasks are, where they start, and how fast.
#[derive(Clone, Debug)]
pub struct EcsConfig {
    /// Where AWS is, and who we are there.
    pub aws: AwsSettings,
    /// Name of the cluster; created when it is missing or inactive.
    pub cluster: String,
    /// Family of the task definition; registered when it is missing.
    pub task_definition: String,
    /// Container image, for a definition that is registered.
    pub image: String,
    /// Memory of a task in GB, for a definition that is registered.
    pub memory_gb: u32,
    /// CloudWatch log group for what tasks print, for a definition that is registered.
    pub log_group: Option<String>,
    /// Python version that a task installs.
    pub python_version: String,
    /// Python packages that a task installs, as the image reads them.
    pub python_requirements: String,
    /// Subnets in which tasks start.
    pub subnets: Vec<String>,
    /// Security groups of tasks; the default one of the VPC where there is none.
    pub security_groups: Vec<String>,
    /// Whether tasks get a public address.
    pub public_ip: bool,
    /// Fargate platform version; the latest if there is none.
    pub platform_version: Option<String>,
    /// Ephemeral storage of a task in GiB.
    pub ephemeral_storage_gib: Option<i32>,
    /// Role that a task's own code acts under.
    pub task_role: Option<String>,
    /// Further environment variables of tasks.
    pub environment: Vec<(String, String)>,
    /// Further tags of tasks.
    pub tags: Vec<(String, String)>,
    /// Capacity providers that tasks are spread over; on demand where there is none, or while they have no capacity.
    pub capacity_providers: Vec<CapacityProvider>,
    /// The workers inside a task, which has as many vCPUs.
    pub workers: WorkerCommand,
    /// How fast calls are made.
    pub paces: Paces,
    /// How long a task may take until a worker of its has reached the scheduler.
    pub ready_within: Duration,
    /// How long between two looks at what runs.
    pub observe_every: Duration,
}

/// How fast calls are made. The defaults are what AWS publishes for an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paces {
    /// Tasks started.
    pub tasks: Rate,
    /// Calls that start tasks.
    pub run: Rate,
    /// Calls that stop a task.
    pub stop: Rate,
    /// Calls that list or describe tasks.
    pub look: Rate,
}

impl Default for Paces {
    fn default() -> Self {
        Self::new(100.0, 20.0, 20.0)
    }
}

impl Paces {
    /// So many tasks at once, and in a second; so many calls of each kind in a second.
    #[must_use]
    pub const fn new(tasks_burst: f64, tasks_per_second: f64, calls_per_second: f64) -> Self {
        let calls = Rate { burst: calls_per_second, per_second: calls_per_second };
        Self { tasks: Rate { burst: tasks_burst, per_second: tasks_per_second }, run: calls, stop: calls, look: calls }
    }
}

impl EcsConfig {
    /// The released manager's defaults, for tasks with these workers in these subnets.
    #[must_use]
    pub fn new(aws: AwsSettings, subnets: Vec<String>, workers: WorkerCommand) -> Self {
        Self {
            aws,
            cluster: "scaler-cluster".to_owned(),
            task_definition: "scaler-task-definition".to_owned(),
            image: "public.ecr.aws/v4u8j8r6/scaler:latest".to_owned(),
            memory_gb: 30,
            log_group: None,
            python_version: "3.12.11".to_owned(),
            python_requirements: "tomli;pargraph;parfun;pandas".to_owned(),
            subnets,
            security_groups: Vec::new(),
            public_ip: true,
            platform_version: None,
            ephemeral_storage_gib: None,
            task_role: None,
            environment: Vec::new(),
            tags: Vec::new(),
            capacity_providers: Vec::new(),
            workers,
            paces: Paces::default(),
            ready_within: Duration::from_secs(600),
            observe_every: Duration::from_secs(10),
        }
    }
}
