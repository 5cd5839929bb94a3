//! What launches stand on: found or made before the first one.

use std::{num::NonZeroU32, time::Duration};

use aws_sdk_ec2::{
    Client,
    types::{ArchitectureType, Image, InstanceType, InstanceTypeInfo},
};
use aws_smithy_types::base64;
use scaler_wm_aws::{Caller, Request, Tries};
use scaler_wm_core::{Chain, Error, ErrorKind, Result};
use tracing::{debug, info};

use super::temporary::{Temporary, once};
use crate::{
    Ec2Config, Way,
    client::filter,
    launch::{LONGEST, Shape, Volume, user_data},
};

/// The root device of an image that cannot be asked about.
const USUAL_ROOT: &str = "/dev/xvda";

/// What launches stand on.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) workers: NonZeroU32,
    pub(crate) subnets: Vec<String>,
    pub(crate) shape: Shape,
    /// The id of the launch template of fleets.
    pub(crate) launch_template: Option<String>,
}

/// Finds and makes it.
pub(crate) struct Survey<'a> {
    pub(crate) config: &'a Ec2Config,
    pub(crate) ec2: &'a Client,
    pub(crate) caller: &'a Caller,
}

fn invalid(purpose: &'static str, context: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, purpose, context)
}

/// What is named is not there, or cannot be: only of that `hint` tells how to name another.
fn named(code: &str, _: &str) -> Option<ErrorKind> {
    let is_named = code.ends_with(".NotFound") || code.ends_with(".Malformed") || code == "InvalidInstanceType";
    is_named.then_some(ErrorKind::NotFound)
}

/// The first calls of a start: whether anybody answers is not known yet, and people are to hear of it at once. What called
/// for a survey makes it again.
const fn first(operation: &'static str, purpose: &'static str) -> Request<'static> {
    Request { tries: Tries::Throttled, ..once(operation, purpose) }
}

impl Survey<'_> {
    /// Everything, by as few calls as can be. Of what fails for good, nothing stays behind.
    pub(crate) async fn survey(&self) -> Result<Ground> {
        let found = self.find().await;
        if let Err(error) = &found
            && error.kind().is_fatal()
        {
            let owner = self.config.workers.owner();
            let temporary = Temporary { ec2: self.ec2, caller: self.caller, owner: &owner };
            if let Err(left) = temporary.remove(Duration::ZERO).await {
                debug!(error = %Chain(&left), "what was made before could not be removed");
            }
        }
        found
    }

    async fn find(&self) -> Result<Ground> {
        let (types, subnets) = tokio::try_join!(self.types(), self.subnets())?;
        let (workers, architecture) = self.size(&types)?;
        let (image, root) = self.image(&architecture).await?;
        let shape = self.shape(workers, image, root)?;
        let mut ground = Ground { workers, subnets: subnets.ids, shape, launch_template: None };
        self.make(&mut ground, &subnets.vpc).await?;
        Ok(ground)
    }

    /// What an instance is, without what is temporary.
    pub(crate) fn shape(&self, workers: NonZeroU32, image: Option<String>, root: String) -> Result<Shape> {
        let mut config = self.config.clone();
        config.workers.count = workers;
        let script = user_data(&config);
        if script.len() > LONGEST {
            return Err(invalid(
                "prepare instances",
                format!(
                    "the script that starts workers has {} bytes, and EC2 takes {LONGEST}: shorten --requirements-txt \
                     (requirements_txt) or the template's user data, or bring packages in an image (--image-id)",
                    script.len()
                ),
            ));
        }
        let volume = &self.config.root_volume;
        Ok(Shape {
            image,
            key_name: self.config.key_name.clone(),
            security_groups: self.config.security_groups.clone(),
            user_data: base64::encode(script),
            instance_profile: self.config.instance_profile.clone(),
            root_volume: (!volume.is_as_the_image_says()).then(|| Volume {
                device: root,
                gib: volume.gib,
                kind: volume.kind.clone(),
                iops: volume.iops,
            }),
            ebs_optimized: self.config.ebs_optimized,
            monitoring: self.config.monitoring,
            reads_tags: self.config.lease.is_some(),
        })
    }

    /// Makes what is temporary.
    async fn make(&self, ground: &mut Ground, vpc: &str) -> Result<()> {
        let owner = self.config.workers.owner();
        let temporary = Temporary { ec2: self.ec2, caller: self.caller, owner: &owner };
        let shape = &mut ground.shape;
        // What a launch template of the user says of it holds; its interfaces do not, nor do their groups.
        if shape.key_name.is_none() && self.config.launch_template.is_none() {
            shape.key_name = Some(temporary.key_pair().await?);
        }
        if shape.security_groups.is_empty() {
            shape.security_groups = vec![temporary.security_group(vpc).await?];
        }
        if self.config.way != Way::RunInstances {
            ground.launch_template = Some(temporary.launch_template(shape).await?);
        }
        Ok(())
    }

    pub(crate) async fn types(&self) -> Result<Vec<InstanceTypeInfo>> {
        let mut names: Vec<&str> =
            self.config.types.iter().chain(&self.config.on_demand_types).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let types = names.iter().map(|name| InstanceType::from(*name)).collect();
        let call = self.ec2.describe_instance_types().set_instance_types(Some(types));
        let request = Request { refine: named, ..first("DescribeInstanceTypes", "look for the instance types") };
        let answer = self.caller.call(request, || call.clone().send()).await.map_err(|error| {
            hint(error, "name types that this region has by --instance-type (instance_type) or --instance-types")
        })?;
        Ok(answer.instance_types.unwrap_or_default())
    }

    /// Workers of an instance, and what an image must be made for.
    pub(crate) fn size(&self, types: &[InstanceTypeInfo]) -> Result<(NonZeroU32, ArchitectureType)> {
        let purpose = "size the instances";
        let cpus =
            |info: &InstanceTypeInfo| info.v_cpu_info().and_then(|cpus| cpus.default_v_cpus()).unwrap_or_default();
        let (least, most) = (types.iter().map(cpus).min(), types.iter().map(cpus).max());
        let workers = least.and_then(|cpus| NonZeroU32::new(u32::try_from(cpus).ok()?));
        let workers =
            workers.ok_or_else(|| invalid(purpose, "EC2 does not say how many vCPUs the instance types have"))?;
        if least != most {
            info!(%workers, "instance types differ in size: each runs as many workers as the smallest has vCPUs");
        }
        let has = |info: &InstanceTypeInfo, architecture: &ArchitectureType| {
            info.processor_info().is_none_or(|processor| processor.supported_architectures().contains(architecture))
        };
        let candidates = [ArchitectureType::X8664, ArchitectureType::Arm64];
        let architecture = candidates.into_iter().find(|candidate| types.iter().all(|info| has(info, candidate)));
        match architecture {
            Some(architecture) => Ok((workers, architecture)),
            None => Err(invalid(
                purpose,
                "no image runs on all of these instance types: name types of one architecture by --instance-types \
                 (instance_types)",
            )),
        }
    }

    /// The image, and its root device.
    pub(crate) async fn image(&self, architecture: &ArchitectureType) -> Result<(Option<String>, String)> {
        let call = self.ec2.describe_images();
        match &self.config.image {
            // EC2 itself reads the parameter, at each launch.
            Some(image) if image.starts_with("resolve:ssm:") => Ok((Some(image.clone()), USUAL_ROOT.to_owned())),
            None if self.config.launch_template.is_some() => Ok((None, USUAL_ROOT.to_owned())),
            Some(image) => {
                let call = call.image_ids(image);
                let request = Request { refine: named, ..once("DescribeImages", "look for the image") };
                let answer = self.caller.call(request, || call.clone().send()).await;
                let answer =
                    answer.map_err(|error| hint(error, "name an image of this region by --image-id (image_id)"))?;
                let root = answer.images().first().and_then(Image::root_device_name).unwrap_or(USUAL_ROOT);
                Ok((Some(image.clone()), root.to_owned()))
            }
            None => {
                let name = format!("al2023-ami-2023.*-kernel-*-{}", architecture.as_str());
                let call = call
                    .owners("amazon")
                    .filters(filter("name", [name]))
                    .filters(filter("root-device-type", ["ebs"]))
                    .filters(filter("virtualization-type", ["hvm"]));
                let request = once("DescribeImages", "look for the newest Amazon Linux 2023");
                let answer = self.caller.call(request, || call.clone().send()).await?;
                let newest = answer.images().iter().max_by(|a, b| a.creation_date().cmp(&b.creation_date()));
                let image = newest.and_then(Image::image_id).ok_or_else(|| {
                    invalid(request.purpose, "this region has none: name an image by --image-id (image_id)")
                })?;
                info!(%image, "the newest Amazon Linux 2023");
                let root = newest.and_then(Image::root_device_name).unwrap_or(USUAL_ROOT);
                Ok((Some(image.to_owned()), root.to_owned()))
            }
        }
    }

    pub(crate) async fn subnets(&self) -> Result<Subnets> {
        let advice = "name subnets of one VPC by --subnet-id (subnet_id) or --subnet-ids";
        let given = &self.config.subnets;
        let request = Request { refine: named, ..first("DescribeSubnets", "look for the subnets") };
        if given.is_empty() {
            let call = self.ec2.describe_vpcs().filters(filter("is-default", ["true"]));
            let answer =
                self.caller.call(first("DescribeVpcs", "look for the default VPC"), || call.clone().send()).await?;
            let vpc = answer.vpcs().first().and_then(|vpc| vpc.vpc_id());
            let vpc =
                vpc.ok_or_else(|| invalid("look for the default VPC", format!("this region has none: {advice}")))?;
            let call = self.ec2.describe_subnets().filters(filter("vpc-id", [vpc]));
            let answer = self.caller.call(request, || call.clone().send()).await?;
            let subnet = answer.subnets().first().and_then(|subnet| subnet.subnet_id());
            let subnet =
                subnet.ok_or_else(|| invalid(request.purpose, format!("the default VPC {vpc} has none: {advice}")))?;
            info!(%subnet, %vpc, "the first subnet of the default VPC");
            return Ok(Subnets { ids: vec![subnet.to_owned()], vpc: vpc.to_owned() });
        }
        let call = self.ec2.describe_subnets().set_subnet_ids(Some(given.clone()));
        let answer = self.caller.call(request, || call.clone().send()).await.map_err(|error| hint(error, advice))?;
        let mut vpcs: Vec<&str> = answer.subnets().iter().filter_map(|subnet| subnet.vpc_id()).collect();
        vpcs.sort_unstable();
        vpcs.dedup();
        match vpcs[..] {
            [vpc] => Ok(Subnets { ids: given.clone(), vpc: vpc.to_owned() }),
            [] => Err(invalid(request.purpose, format!("EC2 does not know their VPC: {advice}"))),
            _ => {
                let context =
                    format!("they are in several VPCs ({}), and a security group is of one: {advice}", vpcs.join(", "));
                Err(invalid(request.purpose, context))
            }
        }
    }
}

/// Where instances go.
pub(crate) struct Subnets {
    pub(crate) ids: Vec<String>,
    pub(crate) vpc: String,
}

/// The same error with the way out, where what is named is not there.
fn hint(error: Error, advice: &str) -> Error {
    if error.kind() == ErrorKind::NotFound {
        Error::new(ErrorKind::Invalid, error.operation(), advice).with_source(error)
    } else {
        error
    }
}
