//! What instances need in the account, looked at before any is started. What a manager makes for a while is not made here:
//! whether it could be is asked by dry runs.

use std::num::NonZeroU32;

use aws_sdk_ec2::{
    Client,
    types::{InstanceTypeInfo, LocationType, Subnet},
};
use scaler_wm_aws::{
    OWNER,
    preflight::{Look, credentials, reached, trouble},
    random_name,
};
use scaler_wm_core::{Chain, Check, Clock, Error, ErrorKind, Launch, LaunchId, Limit, Result, Token};

use crate::{
    Ec2Config, Way,
    client::filter,
    dry_run::{DryRun, NO_TEMPLATE},
    failure::plain,
    ground::{Ground, Subnets, Survey, Temporary},
    launch::{Call, Draft, Shape, tiers},
};

/// Looks at what instances of this configuration need, at most `limit` workers of them.
pub async fn preflight(config: Ec2Config, limit: Limit) -> Vec<Check> {
    let sdk = config.aws.load().await;
    let mut checks = match credentials(&sdk).await {
        Ok(found) => vec![found],
        Err(bad) => return vec![bad, Check::skipped("account", "without credentials nothing can be asked")],
    };
    let (ec2, look) = (Client::new(&sdk), Look::default());
    let inspection = Inspection { config: &config, ec2: &ec2, look: &look };
    checks.extend(inspection.all(limit).await);
    checks
}

struct Inspection<'a> {
    config: &'a Ec2Config,
    ec2: &'a Client,
    look: &'a Look,
}

impl Inspection<'_> {
    fn survey(&self) -> Survey<'_> {
        Survey { config: self.config, ec2: self.ec2, caller: self.look.caller() }
    }

    async fn all(&self, limit: Limit) -> Vec<Check> {
        // The first question: if it does not reach the account, no other does.
        let subnets = self.look.within("look for the subnets", self.survey().subnets()).await;
        if let Err(bad) = reached(&subnets) {
            return vec![bad, Check::skipped("subnets", "the account is not reached")];
        }
        let types = self.look.within("look for the instance types", self.survey().types()).await;
        let size = types.as_ref().ok().map(|types| self.survey().size(types));
        let mut checks = vec![self.subnets(&subnets), self.types(types.as_ref(), size.as_ref())];
        let (workers, image) = match &size {
            Some(Ok((workers, architecture))) => {
                let image = self.look.within("look for the image", self.survey().image(architecture)).await;
                (Some(*workers), Some(image))
            }
            _ => (None, None),
        };
        checks.push(self.image(image.as_ref()));
        let subnets = subnets.ok();
        let (places, groups, key, template) = tokio::join!(
            self.places(subnets.as_ref(), workers, limit),
            self.groups(subnets.as_ref()),
            self.key(),
            self.template()
        );
        checks.extend(places);
        checks.extend(groups);
        checks.extend(key);
        checks.extend(template);
        if let Some(profile) = &self.config.instance_profile {
            let why =
                format!("only IAM tells whether {profile} is there, and `orb_aws_ec2` calls no IAM; a launch tells");
            checks.push(Check::skipped("instance profile", why));
        }
        checks.extend(self.permissions(subnets, workers, image.and_then(Result::ok)).await);
        checks.push(Check::skipped(
            "quota",
            "how many vCPUs may run at once only Service Quotas tells (aws service-quotas list-service-quotas \
             --service-code ec2), and this build does not ask it",
        ));
        checks
    }

    fn subnets(&self, found: &Result<Subnets>) -> Check {
        match found {
            Ok(found) => Check::good("subnets", format!("{} of {}", found.ids.join(", "), found.vpc)),
            Err(error) => trouble("subnets", "ec2:DescribeSubnets and ec2:DescribeVpcs", error, "mend --subnet-id"),
        }
    }

    fn types(
        &self,
        found: Result<&Vec<InstanceTypeInfo>, &Error>,
        size: Option<&Result<(NonZeroU32, aws_sdk_ec2::types::ArchitectureType)>>,
    ) -> Check {
        const NAME: &str = "instance types";
        let todo = "mend --instance-type or --instance-types";
        match (found, size) {
            (Err(error), _) => trouble(NAME, "ec2:DescribeInstanceTypes", error, todo),
            (Ok(_), Some(Err(error))) => trouble(NAME, "ec2:DescribeInstanceTypes", error, todo),
            (Ok(found), Some(Ok((workers, architecture)))) => {
                let names: Vec<&str> = found.iter().filter_map(|info| Some(info.instance_type()?.as_str())).collect();
                let found = format!("{} of {architecture}, {workers} workers in each instance", names.join(", "));
                Check::good(NAME, found)
            }
            (Ok(_), None) => Check::skipped(NAME, "they have no size"),
        }
    }

    fn image(&self, found: Option<&Result<(Option<String>, String)>>) -> Check {
        const NAME: &str = "image";
        match found {
            None => Check::skipped(NAME, "it must fit the instance types"),
            Some(Err(error)) => trouble(NAME, "ec2:DescribeImages", error, "mend --image-id"),
            Some(Ok((None, _))) => Check::good(NAME, "that of the launch template"),
            Some(Ok((Some(image), _))) if image.starts_with("resolve:") => {
                Check::skipped(NAME, format!("EC2 itself reads {image}, at each launch"))
            }
            Some(Ok((Some(image), _))) => Check::good(NAME, format!("{image} is there")),
        }
    }

    /// Zones that have the types, and addresses in the subnets.
    async fn places(&self, subnets: Option<&Subnets>, workers: Option<NonZeroU32>, limit: Limit) -> Vec<Check> {
        let Some(subnets) = subnets else { return Vec::new() };
        let call = self.ec2.describe_subnets().set_subnet_ids(Some(subnets.ids.clone()));
        let answer = self.look.ask("DescribeSubnets", "look for the subnets", plain, || call.clone().send()).await;
        let Ok(answer) = answer else { return Vec::new() };
        let found = answer.subnets();
        let offered = match workers {
            Some(_) => self.offered(found).await,
            None => Check::skipped("zones", "the instance types must be there first"),
        };
        vec![offered, self.addresses(found, workers, limit)]
    }

    async fn offered(&self, subnets: &[Subnet]) -> Check {
        const NAME: &str = "zones";
        let zones: Vec<&str> = subnets.iter().filter_map(Subnet::availability_zone).collect();
        let types = self.config.types.iter().chain(&self.config.on_demand_types);
        let call = self.ec2.describe_instance_type_offerings().location_type(LocationType::AvailabilityZone);
        let call =
            call.filters(filter("location", zones.iter().copied())).filters(filter("instance-type", types.clone()));
        let purpose = "look where the instance types are offered";
        let send = || call.clone().send();
        let answer = match self.look.ask("DescribeInstanceTypeOfferings", purpose, plain, send).await {
            Ok(answer) => answer,
            // A manager does not ask this: it finds out at the first launch.
            Err(error) => return Check::skipped(NAME, Chain(&error).to_string()),
        };
        let offers = answer.instance_type_offerings();
        let is_offered = |kind: &&String| {
            offers.iter().any(|offer| offer.instance_type().is_some_and(|offered| offered.as_str() == **kind))
        };
        let missing: Vec<&str> = types.clone().filter(|kind| !is_offered(kind)).map(String::as_str).collect();
        let places = zones.join(", ");
        if missing.is_empty() {
            return Check::good(NAME, format!("{places} offer every type"));
        }
        let found = format!("{places} do not offer {}", missing.join(", "));
        let todo = "name a subnet of another zone by --subnet-id, or another type by --instance-type";
        if missing.len() == types.count() { Check::bad(NAME, found, todo) } else { Check::doubtful(NAME, found, todo) }
    }

    fn addresses(&self, subnets: &[Subnet], workers: Option<NonZeroU32>, limit: Limit) -> Check {
        const NAME: &str = "addresses";
        let free: u64 =
            subnets.iter().filter_map(|subnet| u64::try_from(subnet.available_ip_address_count()?).ok()).sum();
        let wanted = match (limit, workers) {
            (Limit::AtMost(limit), Some(workers)) => Some(u64::from(limit.div_ceil(workers.get()))),
            _ => None,
        };
        match wanted {
            Some(wanted) if wanted > free => {
                let found = format!("{free} are free in the subnets, and up to {wanted} instances may run");
                Check::doubtful(NAME, found, "name further subnets by --subnet-ids, or lower --max-task-concurrency")
            }
            _ => Check::good(NAME, format!("{free} are free in the subnets")),
        }
    }

    async fn groups(&self, subnets: Option<&Subnets>) -> Option<Check> {
        const NAME: &str = "security groups";
        let given = &self.config.security_groups;
        if given.is_empty() {
            return None;
        }
        let call = self.ec2.describe_security_groups().set_group_ids(Some(given.clone()));
        let send = || call.clone().send();
        let answer = self.look.ask("DescribeSecurityGroups", "look for the security groups", plain, send).await;
        let todo = "name groups of the subnets' VPC by --security-group-ids";
        Some(match answer {
            Err(error) => trouble(NAME, "ec2:DescribeSecurityGroups", &error, todo),
            Ok(answer) => {
                let vpc = subnets.map(|subnets| subnets.vpc.as_str());
                let stray = answer.security_groups().iter().find(|group| vpc.is_some() && group.vpc_id() != vpc);
                match stray {
                    Some(group) => {
                        let (id, of) = (group.group_id().unwrap_or_default(), group.vpc_id().unwrap_or_default());
                        Check::bad(
                            NAME,
                            format!("{id} is of {of}, the subnets are of {}", vpc.unwrap_or_default()),
                            todo,
                        )
                    }
                    None => Check::good(NAME, format!("{} are there", given.join(", "))),
                }
            }
        })
    }

    async fn key(&self) -> Option<Check> {
        const NAME: &str = "key pair";
        let name = self.config.key_name.as_ref()?;
        let call = self.ec2.describe_key_pairs().key_names(name);
        let answer = self.look.ask("DescribeKeyPairs", "look for the key pair", plain, || call.clone().send()).await;
        Some(match answer {
            Ok(_) => Check::good(NAME, format!("{name} is there")),
            Err(error) => trouble(NAME, "ec2:DescribeKeyPairs", &error, "mend --key-name, or leave it out"),
        })
    }

    async fn template(&self) -> Option<Check> {
        const NAME: &str = "launch template";
        let (id, version) = self.config.launch_template.as_ref()?;
        let call = self.ec2.describe_launch_template_versions().launch_template_id(id);
        let call = call.versions(version.as_deref().unwrap_or("$Default"));
        let purpose = "look for the launch template";
        let answer = self.look.ask("DescribeLaunchTemplateVersions", purpose, plain, || call.clone().send()).await;
        Some(match answer {
            Ok(answer) if answer.launch_template_versions().is_empty() => {
                Check::bad(NAME, format!("{id} has no such version"), "mend it in the template file")
            }
            Ok(_) => Check::good(NAME, format!("{id} is there")),
            Err(error) => trouble(NAME, "ec2:DescribeLaunchTemplateVersions", &error, "mend it in the template file"),
        })
    }

    /// What a manager would call, as dry runs. The launch is the one that it would make first.
    async fn permissions(
        &self,
        subnets: Option<Subnets>,
        workers: Option<NonZeroU32>,
        image: Option<(Option<String>, String)>,
    ) -> Vec<Check> {
        let dry = DryRun { ec2: self.ec2, look: self.look };
        let owner = self.config.workers.owner();
        let name = Temporary { ec2: self.ec2, caller: self.look.caller(), owner: &owner }.name();
        let mut checks = match subnets.zip(workers).zip(image) {
            None => vec![Check::skipped(launch_name(self.config), "subnets, types and image must be there first")],
            Some(((subnets, workers), (image, root))) => {
                let launch = self.launch(&dry, &subnets, workers, image, root).await;
                launch
                    .unwrap_or_else(|error| vec![Check::bad("launch", Chain(&error).to_string(), "mend what it names")])
            }
        };
        checks.push(dry.terminate().await.check("permission ec2:TerminateInstances"));
        if self.config.key_name.is_none() && self.config.launch_template.is_none() {
            checks.push(dry.key_pair(&name).await.check("permission ec2:CreateKeyPair"));
        }
        if self.config.security_groups.is_empty() {
            checks.push(dry.group(&name).await.check("permission ec2:CreateSecurityGroup"));
        }
        if self.config.lease.is_some() {
            checks.push(dry.tag().await.check("permission ec2:CreateTags"));
        }
        checks
    }

    async fn launch(
        &self,
        dry: &DryRun<'_>,
        subnets: &Subnets,
        workers: NonZeroU32,
        image: Option<String>,
        root: String,
    ) -> Result<Vec<Check>> {
        let shape: Shape = self.survey().shape(workers, image, root)?;
        let template = (self.config.way != Way::RunInstances).then(|| {
            let tags = [(OWNER.to_owned(), self.config.workers.owner())];
            shape.template(self.ec2, "scaler-wm-preflight", &tags)
        });
        let launch_template = template.as_ref().map(|_| NO_TEMPLATE.to_owned());
        let ground = Ground { workers, subnets: subnets.ids.clone(), shape, launch_template };
        let tiers = tiers(self.config, &ground.subnets);
        let nothing =
            || Error::new(ErrorKind::Invalid, "prepare instances", "there is no type and subnet to choose from");
        let (tier, id, at) =
            (tiers.first().ok_or_else(nothing)?, LaunchId::from(random_name()?), Clock::system().now());
        let call = Call::new(self.config, &ground, &Draft { id: &id, tier, count: 1, at })?;
        let token = Token::from(id.to_string());
        let launch = Launch { id, token, count: NonZeroU32::MIN, tier: tier.clone(), at, spec: Vec::new().into() };
        let mut checks = Vec::new();
        if let Some(template) = template {
            checks.push(dry.template(template).await.check(launch_name(self.config)));
        }
        checks.push(match call {
            Call::RunInstances(parameters) => {
                dry.run(parameters.fill(self.ec2, &launch)).await.check(launch_name(self.config))
            }
            Call::CreateFleet(parameters) => {
                dry.fleet(parameters.fill(self.ec2, &launch)?).await.check("permission ec2:CreateFleet")
            }
        });
        Ok(checks)
    }
}

const fn launch_name(config: &Ec2Config) -> &'static str {
    match config.way {
        Way::RunInstances => "permission ec2:RunInstances",
        Way::Fleet(_) => "permission ec2:CreateLaunchTemplate",
    }
}
