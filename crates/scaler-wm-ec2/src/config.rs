//! What the provider is told.

use std::{path::PathBuf, time::Duration};

use scaler_wm_aws::{AwsSettings, Rate, WorkerCommand};
use scaler_wm_core::Limit;

use crate::{Market, ProviderApi, Requirements};

/// What instances are, where they start, and how fast.
#[derive(Clone, Debug)]
pub struct Ec2Config {
    /// Where AWS is, and who we are there.
    pub aws: AwsSettings,
    /// The image: its id, or `resolve:ssm:` and the path of a parameter that holds it; the newest Amazon Linux 2023 where
    /// there is none.
    pub image: Option<String>,
    /// What an instance installs before its workers start, where that is not in the image.
    pub install: Option<Install>,
    /// A script that an instance runs before anything else of ours.
    pub first: Option<String>,
    /// Instance types to choose from, best first; never empty.
    pub types: Vec<String>,
    /// Those on demand of a heterogeneous market, where they are others. A fleet of both markets has one list, so that EC2
    /// may choose them for Spot as well.
    pub on_demand_types: Vec<String>,
    /// Subnets to choose from, best first; the first one of the default VPC where there is none.
    pub subnets: Vec<String>,
    /// Security groups; a temporary one where there is none.
    pub security_groups: Vec<String>,
    /// Key pair; a temporary one where there is none.
    pub key_name: Option<String>,
    /// Name or ARN of the instance profile.
    pub instance_profile: Option<String>,
    /// The root volume, where it is another than the image says.
    pub root_volume: RootVolume,
    /// Whether instances are EBS optimized, where that is not as the type says.
    pub ebs_optimized: Option<bool>,
    /// Whether instances are monitored in detail.
    pub monitoring: Option<bool>,
    /// A launch template, by its id, and its version: what it says holds where nothing here says otherwise. Type, subnet
    /// and security groups are always said here.
    pub launch_template: Option<(String, Option<String>)>,
    /// Further tags.
    pub tags: Vec<(String, String)>,
    /// Whether instances are Spot, on demand, or both.
    pub market: Market,
    /// The most that an hour of a Spot instance may cost, in US dollars.
    pub max_price: Option<String>,
    /// Which call starts instances.
    pub way: Way,
    /// The name under which Open Resource Broker would know what these instances are.
    pub template_id: String,
    /// The most instances that may exist at once.
    pub most_instances: Limit,
    /// Transport of workers: `ymq` or `zmq`.
    pub network_backend: String,
    /// The workers inside an instance. There are as many as the smallest type has vCPUs; the count in here is not looked at.
    pub workers: WorkerCommand,
    /// After this time an instance that no manager renews shuts itself down.
    pub lease: Option<Duration>,
    /// The folder into which configuration and template are written.
    pub debug_dump: Option<PathBuf>,
    /// The folder of what the next process of this manager has to know. Without one, temporary things that were made for
    /// another address of the scheduler are not found.
    pub state_folder: Option<PathBuf>,
    /// How fast calls are made.
    pub paces: Paces,
    /// How long an instance may take until a worker of its has reached the scheduler.
    pub ready_within: Duration,
    /// How long between two looks at what runs.
    pub observe_every: Duration,
}

/// What an instance installs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The Python version, such as `3.12`.
    pub python_version: String,
    /// The packages.
    pub requirements: Requirements,
}

/// The root volume of an instance, where it is another than the image says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootVolume {
    /// Its size in GiB.
    pub gib: Option<i32>,
    /// Its type, such as `gp3`.
    pub kind: Option<String>,
    /// Its input and output operations per second.
    pub iops: Option<i32>,
}

impl RootVolume {
    /// Whether it is as the image says.
    #[must_use]
    pub fn is_as_the_image_says(&self) -> bool {
        *self == Self::default()
    }
}

/// Which call starts instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// `RunInstances`, for one type, subnet and market a call: the planner chooses them.
    #[default]
    RunInstances,
    /// `CreateFleet` of the kind instant: EC2 chooses type and subnet.
    Fleet(FleetChoice),
}

impl Way {
    /// The name of Open Resource Broker for it.
    #[must_use]
    pub const fn api(&self) -> ProviderApi {
        match self {
            Self::RunInstances => ProviderApi::RunInstances,
            Self::Fleet(_) => ProviderApi::Ec2Fleet,
        }
    }
}

/// How EC2 Fleet chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetChoice {
    /// The strategy for Spot; EC2's own default where there is none.
    pub spot_strategy: Option<String>,
    /// The strategy for on demand; EC2's own default where there is none.
    pub on_demand_strategy: Option<String>,
    /// The share of a launch of a heterogeneous market that is on demand, from 0 to 100.
    pub percent_on_demand: Option<u8>,
}

/// How fast calls are made. The defaults are what AWS publishes for an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paces {
    /// Instances started.
    pub instances: Rate,
    /// Calls that start instances.
    pub run: Rate,
    /// Calls that terminate instances.
    pub stop: Rate,
    /// Calls that describe instances.
    pub look: Rate,
}

impl Default for Paces {
    fn default() -> Self {
        Self::new(1_000.0, 2.0, 5.0)
    }
}

impl Paces {
    /// So many instances at once, and in a second; so many calls of each kind in a second.
    #[must_use]
    pub const fn new(instances_burst: f64, instances_per_second: f64, calls_per_second: f64) -> Self {
        let calls = Rate { burst: calls_per_second, per_second: calls_per_second };
        let instances = Rate { burst: instances_burst, per_second: instances_per_second };
        Self { instances, run: calls, stop: calls, look: calls }
    }
}

impl Ec2Config {
    /// The released manager's defaults, for an image that has the workers' package in it.
    #[must_use]
    pub fn new(aws: AwsSettings, image: impl Into<String>, workers: WorkerCommand) -> Self {
        Self {
            aws,
            image: Some(image.into()),
            install: None,
            first: None,
            types: vec!["t2.micro".to_owned()],
            on_demand_types: Vec::new(),
            subnets: Vec::new(),
            security_groups: Vec::new(),
            key_name: None,
            instance_profile: None,
            root_volume: RootVolume::default(),
            ebs_optimized: None,
            monitoring: None,
            launch_template: None,
            tags: Vec::new(),
            market: Market::default(),
            max_price: None,
            way: Way::default(),
            template_id: "scaler-wm".to_owned(),
            most_instances: Limit::Unlimited,
            network_backend: "ymq".to_owned(),
            workers,
            lease: None,
            debug_dump: None,
            state_folder: None,
            paces: Paces::default(),
            ready_within: Duration::from_secs(900),
            observe_every: Duration::from_secs(10),
        }
    }
}
