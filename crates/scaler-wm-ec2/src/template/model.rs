//! What a template says, in one spelling.

use std::fmt;

/// How instances are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderApi {
    /// One type in one subnet, in one call.
    RunInstances,
    /// Several types, subnets and markets: an EC2 Fleet of the type `instant`.
    Ec2Fleet,
}

impl ProviderApi {
    /// The name that ORB gives it, as in the tag `orb:provider-api`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunInstances => "RunInstances",
            Self::Ec2Fleet => "EC2Fleet",
        }
    }
}

impl fmt::Display for ProviderApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is paid for an instance, and so whether it may be taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Market {
    /// The list price; it stays.
    #[default]
    OnDemand,
    /// The price of the day; it may go at two minutes' notice.
    Spot,
    /// A part on demand ([`Template::percent_on_demand`]), the rest Spot.
    Heterogeneous,
}

impl Market {
    /// The name that ORB gives it, as in `price_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnDemand => "ondemand",
            Self::Spot => "spot",
            Self::Heterogeneous => "heterogeneous",
        }
    }
}

/// One template of ORB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// `template_id`.
    pub id: String,
    /// `name`.
    pub name: Option<String>,
    /// `provider_api`; when the file says nothing, [`ProviderApi::RunInstances`] where one call can do it (one type, one
    /// subnet, one market), else [`ProviderApi::Ec2Fleet`].
    pub provider_api: ProviderApi,
    /// `machine_image`: an AMI id, or the path of an SSM parameter that holds one (it begins with `/`).
    pub image: Option<String>,
    /// Instance types with their weights, best first: `machine_type`, then `machine_types` in the order of the file.
    pub instance_types: Vec<(String, u32)>,
    /// `machine_types_ondemand`: types with weights for the part on demand of a heterogeneous template.
    pub on_demand_types: Vec<(String, u32)>,
    /// `max_machines`: the most instances at a time.
    pub max_instances: Option<u32>,
    /// `subnet_ids`.
    pub subnets: Vec<String>,
    /// `security_group_ids`.
    pub security_groups: Vec<String>,
    /// `machine_ssh_key`: the name of a key pair.
    pub key_name: Option<String>,
    /// `machine_bootstrap`: the text of a script ([`Template::read_file`] has put it in the place of a file's name).
    pub user_data: Option<String>,
    /// `machine_role`: the name or the ARN of an instance profile.
    pub instance_profile: Option<String>,
    /// `machine_disk_size_gb`: of the root volume, in GiB.
    pub root_volume_gib: Option<i32>,
    /// `machine_disk_type`: such as gp3.
    pub volume_type: Option<String>,
    /// `iops`: operations a second of the root volume.
    pub iops: Option<i32>,
    /// `ebs_optimized`.
    pub ebs_optimized: Option<bool>,
    /// `monitoring_enabled`: detailed monitoring.
    pub monitoring: Option<bool>,
    /// `tags`, in the order of the file.
    pub tags: Vec<(String, String)>,
    /// `price_type`.
    pub market: Market,
    /// `max_price` of a Spot instance, in dollars an hour.
    pub max_price: Option<String>,
    /// `launch_template_id`, and `launch_template_version` (a number, `$Latest` or `$Default`).
    pub launch_template: Option<(String, Option<String>)>,
    /// `allocation_strategy` by the name of EC2 Fleet's API, such as `price-capacity-optimized`; for Spot, and for the
    /// part on demand too when [`Self::allocation_strategy_on_demand`] is not given.
    pub allocation_strategy: Option<String>,
    /// `allocation_strategy_on_demand`: `lowest-price` or `prioritized`.
    pub allocation_strategy_on_demand: Option<String>,
    /// `percent_on_demand` of a heterogeneous template, 0 to 100.
    pub percent_on_demand: Option<u8>,
    /// Fields of the file that mean something to ORB, or to nobody, and nothing here: worth a word in the log.
    pub ignored: Vec<String>,
}
