//! AWS for readers: an emulator of the service that a command needs.

use scaler_wm_tests::{
    BatchCloud, BatchOptions, Cloud as EcsCloud, Ec2Cloud, Ec2Options, EmulatorOptions, Failure, IMAGE, Result,
};

/// What stands in documents for an id of EC2.
const IMAGE_THERE: &str = "ami-0123456789abcdef0";
const GROUP_THERE: &str = "sg-0123456789abcdef0";
const SUBNETS_THERE: [&str; 2] = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];

/// One service, answered on loopback. One at a time: each wants most of a core while it starts.
#[derive(Debug)]
pub(crate) enum Cloud {
    Ecs(EcsCloud),
    Ec2(Ec2Cloud),
    Batch(BatchCloud),
}

impl Cloud {
    /// Whether a text names a manager that needs it, and which.
    pub(crate) fn needed_by(text: &str) -> Option<&'static str> {
        ["aws_raw_ecs", "orb_aws_ec2", "aws_hpc"].into_iter().find(|manager| text.contains(manager))
    }

    /// The cloud of this type of manager, in which nothing is but what an account has at first.
    pub(crate) fn start(manager: &str) -> Result<Self> {
        Ok(match manager {
            "aws_raw_ecs" => {
                Self::Ecs(EcsCloud::start(&EmulatorOptions { executes: false, ..EmulatorOptions::default() })?)
            }
            "orb_aws_ec2" => Self::Ec2(Ec2Cloud::start(&Ec2Options { executes: false, ..Ec2Options::default() })?),
            _ => {
                let options = BatchOptions { executes: false, is_set_up: false, ..BatchOptions::default() };
                Self::Batch(BatchCloud::start(&options)?)
            }
        })
    }

    /// The type of manager that it is for.
    pub(crate) fn manager(&self) -> &'static str {
        match self {
            Self::Ecs(_) => "aws_raw_ecs",
            Self::Ec2(_) => "orb_aws_ec2",
            Self::Batch(_) => "aws_hpc",
        }
    }

    /// Where it answers.
    pub(crate) fn endpoint(&self) -> String {
        match self {
            Self::Ecs(cloud) => cloud.proxy.endpoint(),
            Self::Ec2(cloud) => cloud.proxy.endpoint(),
            Self::Batch(cloud) => cloud.proxy.endpoint(),
        }
    }

    /// Its ids in the place of those in documents.
    pub(crate) fn ids(&self) -> Result<Vec<(String, String)>> {
        let Self::Ec2(cloud) = self else { return Ok(Vec::new()) };
        let client = cloud.emulator.client();
        let subnets = client.ec2("DescribeSubnets", &[])?.texts("subnetId");
        let group = client.ec2("DescribeSecurityGroups", &[])?.texts("groupId").into_iter().next();
        let group = group.ok_or_else(|| Failure::new("find a security group", "the account has none"))?;
        let pairs = SUBNETS_THERE.into_iter().map(str::to_owned).zip(subnets);
        let others = [(IMAGE_THERE.to_owned(), IMAGE.to_owned()), (GROUP_THERE.to_owned(), group)];
        Ok(pairs.chain(others).collect())
    }
}
