//! Where instances are: subnets and security groups that are there.

use aws_sdk_ec2::types::Filter;
use scaler_wm_core::{Error, ErrorKind, Result};

use super::{Site, Wanted};

/// Where instances are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) subnets: Vec<String>,
    pub(super) security_groups: Vec<String>,
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn invalid(context: String) -> Error {
    Error::new(ErrorKind::Invalid, "find a network for instances", context)
}

impl Site<'_> {
    /// What flags name, and the default VPC's where they name nothing.
    pub(super) async fn network(&self, wanted: &Wanted) -> Result<Network> {
        let (vpc, subnets) = if wanted.subnets.is_empty() {
            let vpc = self.default_vpc().await?;
            let subnets = self.subnets_of(&vpc).await?;
            (vpc, subnets)
        } else {
            (self.vpc_of(&wanted.subnets).await?, wanted.subnets.clone())
        };
        let security_groups = match wanted.security_groups.as_slice() {
            [] => vec![self.default_group(&vpc).await?],
            named => named.to_vec(),
        };
        Ok(Network { subnets, security_groups })
    }

    async fn default_vpc(&self) -> Result<String> {
        let call = self.account.services.ec2.describe_vpcs().filters(filter("is-default", "true"));
        let answer = self.account.call("DescribeVpcs", "look for the default VPC", || call.clone().send()).await?;
        let vpc = answer.vpcs().iter().find_map(|vpc| vpc.vpc_id());
        let region = &self.place.region;
        vpc.map(str::to_owned).ok_or_else(|| {
            invalid(format!("{region} has no default VPC in this account: name --subnets (and --security-groups)"))
        })
    }

    async fn subnets_of(&self, vpc: &str) -> Result<Vec<String>> {
        let call = self.account.services.ec2.describe_subnets();
        let call = call.filters(filter("vpc-id", vpc)).filters(filter("default-for-az", "true"));
        let answer = self.account.call("DescribeSubnets", "look for subnets", || call.clone().send()).await?;
        let mut subnets: Vec<String> =
            answer.subnets().iter().filter_map(|subnet| subnet.subnet_id().map(str::to_owned)).collect();
        if subnets.is_empty() {
            return Err(invalid(format!("the default VPC {vpc} has no default subnets: name --subnets")));
        }
        subnets.sort_unstable();
        Ok(subnets)
    }

    /// The VPC of subnets that are named.
    async fn vpc_of(&self, subnets: &[String]) -> Result<String> {
        let call = self.account.services.ec2.describe_subnets().set_subnet_ids(Some(subnets.to_vec()));
        let answer = self.account.call("DescribeSubnets", "look for --subnets", || call.clone().send()).await?;
        let mut vpcs: Vec<&str> = answer.subnets().iter().filter_map(|subnet| subnet.vpc_id()).collect();
        vpcs.sort_unstable();
        vpcs.dedup();
        match vpcs.as_slice() {
            [vpc] => Ok((*vpc).to_owned()),
            [] => Err(invalid(format!("--subnets: no subnet is named {}", subnets.join(", ")))),
            several => Err(invalid(format!(
                "--subnets: they are in {} and instances can be in one VPC only: name subnets of one",
                several.join(" and ")
            ))),
        }
    }

    async fn default_group(&self, vpc: &str) -> Result<String> {
        let call = self.account.services.ec2.describe_security_groups();
        let call = call.filters(filter("vpc-id", vpc)).filters(filter("group-name", "default"));
        let purpose = "look for the default security group";
        let answer = self.account.call("DescribeSecurityGroups", purpose, || call.clone().send()).await?;
        let group = answer.security_groups().iter().find_map(|group| group.group_id());
        group
            .map(str::to_owned)
            .ok_or_else(|| invalid(format!("{vpc} has no default security group: name --security-groups")))
    }
}
