//! From options to a configuration.

use std::{num::NonZeroU32, path::Path, time::Duration};

use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{
    Limit, ManagerId,
    options::{OptionError, Origin, Values},
};
use scaler_wm_options::Section;
use tracing::warn;

use crate::{
    Ec2Config, Install, Market, Paces, Requirements, RootVolume, Template, TemplateError, Way,
    instance::lease,
    limits::{self, LARGEST_VOLUME},
    way,
};

/// The options of `orb_aws_ec2`.
pub const SECTION: Section = scaler_wm_options::ORB_AWS_EC2;

/// Tags that EC2 takes, without those of this manager.
const MOST_TAGS: usize = 39;

impl Ec2Config {
    /// The configuration that these values of [`SECTION`]'s options describe.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together, or a file that they name cannot be used.
    pub fn from_values(values: &Values, manager: &ManagerId) -> Result<Self, OptionError> {
        (SECTION.check)(values)?;
        check_region(values)?;
        let workers = WorkerCommand::from_values(values, manager, NonZeroU32::MIN);
        let mut config = Self {
            image: values.maybe_text("image_id").map(image),
            install: install(values)?,
            types: first_of(values, "instance_types").unwrap_or_else(|| vec![values.text("instance_type")]),
            subnets: first_of(values, "subnet_ids")
                .unwrap_or_else(|| values.maybe_text("subnet_id").into_iter().collect()),
            security_groups: values.texts("security_group_ids"),
            key_name: values.maybe_text("key_name"),
            instance_profile: values.maybe_text("instance_profile"),
            root_volume: RootVolume { gib: root_gib(values)?, ..RootVolume::default() },
            tags: values.pairs("instance_tags").into_iter().collect(),
            market: market(&values.text("price_type")),
            max_price: max_price(values)?,
            network_backend: values.text("network_backend"),
            lease: lease_of(values)?,
            debug_dump: values.maybe_text("debug_dump_path").map(Into::into),
            state_folder: values.maybe_text("state_dir").map(Into::into),
            paces: Paces::new(
                values.float("ec2_instances_burst"),
                values.float("ec2_instances_per_second"),
                values.float("ec2_calls_per_second"),
            ),
            ready_within: values.seconds("ready_timeout_seconds"),
            observe_every: values.seconds("observe_interval_seconds"),
            ..Self::new(AwsSettings::from_values(values), "", workers)
        };
        if let Some(path) = values.maybe_text("orb_template") {
            let id = values.maybe_text("orb_template_id");
            let template = Template::read_file(Path::new(&path), id.as_deref())
                .map_err(|error| values.problem("orb_template", error.to_string()))?;
            config.follow(values, template)?;
        }
        config.way = way::with_options(&config, values)?;
        config.check(values)?;
        Ok(config)
    }

    /// Checks what [`Ec2Config::from_values`] does. Of a template whose file is not here nothing is known, and nothing of what
    /// depends on it.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together, or a file that is here cannot be used.
    pub fn check_values(values: &Values, manager: &ManagerId) -> Result<(), OptionError> {
        match values.maybe_text("orb_template") {
            Some(path) if !Path::new(&path).exists() => {
                (SECTION.check)(values)?;
                check_region(values)
            }
            _ => Self::from_values(values, manager).map(drop),
        }
    }

    /// Takes from a template what nobody has said otherwise.
    fn follow(&mut self, values: &Values, template: Template) -> Result<(), OptionError> {
        if !template.ignored.is_empty() {
            warn!(template = %template.id, fields = ?template.ignored, "these fields of the template are not followed");
        }
        if template.instance_types.iter().chain(&template.on_demand_types).any(|(_, weight)| *weight != 1) {
            warn!(template = %template.id, "weights of instance types are not followed: a unit is one instance, of any type");
        }
        self.way = way::of_template(&template);
        let names = |types: Vec<(String, u32)>| types.into_iter().map(|(name, _)| name).collect::<Vec<String>>();
        let is_given = |key: &str| is_given(values, key);
        let are_given = |keys: &[&str]| keys.iter().any(|key| is_given(key));
        if !are_given(&["instance_type", "instance_types"]) && !template.instance_types.is_empty() {
            self.types = names(template.instance_types);
            self.on_demand_types = names(template.on_demand_types);
        } else if !are_given(&["instance_type", "instance_types"]) && template.launch_template.is_some() {
            // Its own type is not known here, and how many workers an instance has is made of the type.
            let problem = "a launch template's own instance type is not followed: name a type in the template by \
                           instance_type (machine_type), or by --instance-type";
            let error = TemplateError::field(&template.id, "launch_template_id", problem);
            return Err(values.problem("orb_template", error.to_string()));
        }
        if !are_given(&["subnet_id", "subnet_ids"]) {
            self.subnets = template.subnets;
        }
        if !is_given("security_group_ids") {
            self.security_groups = template.security_groups;
        }
        if !is_given("image_id") && self.install.is_none() {
            self.image = template.image.map(image);
        }
        if !is_given("price_type") {
            self.market = template.market;
        }
        self.key_name = self.key_name.take().or(template.key_name);
        self.instance_profile = self.instance_profile.take().or(template.instance_profile);
        self.root_volume = RootVolume {
            gib: self.root_volume.gib.or(template.root_volume_gib),
            kind: template.volume_type,
            iops: template.iops,
        };
        self.max_price = self.max_price.take().or(template.max_price);
        if !is_given("instance_tags") {
            self.tags = template.tags;
        }
        self.ebs_optimized = template.ebs_optimized;
        self.monitoring = template.monitoring;
        self.launch_template = template.launch_template;
        self.first = template.user_data;
        self.most_instances = template.max_instances.map_or(Limit::Unlimited, Limit::AtMost);
        self.template_id = template.id;
        Ok(())
    }

    /// What goes together, wherever it comes from.
    fn check(&self, values: &Values) -> Result<(), OptionError> {
        if self.image.is_none() && self.install.is_none() && self.launch_template.is_none() {
            let problem = "nothing says what instances run: give an image with the package in it by --image-id (image_id), \
                           or --python-version and --requirements-txt, or a template with an image_id";
            return Err(OptionError::new("--image-id", problem));
        }
        if self.launch_template.is_some() && self.way != Way::RunInstances {
            let problem = "launch_template_id goes with RunInstances only: a fleet takes the script that starts workers from a \
                           launch template that this manager makes; leave launch_template_id out, or provider_api EC2Fleet";
            return Err(values.problem("orb_template", problem));
        }
        for (key, value) in &self.tags {
            limits::tag(key, value).map_err(|problem| values.problem("instance_tags", problem))?;
        }
        if self.tags.len() > MOST_TAGS {
            let problem = format!("{} tags are more than the {MOST_TAGS} that are left", self.tags.len());
            return Err(values.problem("instance_tags", problem));
        }
        if self.lease.is_some()
            && let Some((name, _)) = self.tags.iter().find(|(name, _)| !is_readable(name))
        {
            let problem = format!(
                "with a lease an instance reads its own tags, and EC2 then takes keys of letters, digits and +-=.,_:@ only; \
                 {name:?} has another character"
            );
            return Err(values.problem("instance_tags", problem));
        }
        if self.market == Market::OnDemand && self.max_price.is_some() && values.get("max_price").is_some() {
            return Err(values.problem("max_price", "it is for Spot: give --price-type spot or heterogeneous as well"));
        }
        if self.security_groups.len() > MOST_GROUPS {
            let count = self.security_groups.len();
            let problem = format!("it names {count}, and a network interface takes {MOST_GROUPS} at most");
            return Err(values.problem("security_group_ids", problem));
        }
        Ok(())
    }
}

/// Whether somebody has given a value on the command line or in a file; what is in the environment may be for others.
pub(crate) fn is_given(values: &Values, key: &str) -> bool {
    matches!(values.origin(key), Origin::CommandLine(_) | Origin::File { .. })
}

/// Security groups that a network interface takes at most.
const MOST_GROUPS: usize = 16;

/// Whether EC2 lets an instance read a tag of this name.
fn is_readable(name: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "+-=.,_:@".contains(letter);
    name.chars().all(is_allowed) && !matches!(name, "." | ".." | "_index")
}

/// The texts of a list that names any.
fn first_of(values: &Values, key: &str) -> Option<Vec<String>> {
    values.maybe_texts(key).filter(|texts| !texts.is_empty())
}

/// An image as EC2 takes it: parameters of the Systems Manager are named by their paths.
fn image(given: String) -> String {
    match given.strip_prefix("ssm:") {
        Some(path) => format!("resolve:ssm:{path}"),
        None if given.starts_with('/') => format!("resolve:ssm:{given}"),
        None => given,
    }
}

fn install(values: &Values) -> Result<Option<Install>, OptionError> {
    let (Some(python_version), Some(given)) =
        (values.maybe_text("python_version"), values.maybe_text("requirements_txt"))
    else {
        return Ok(None);
    };
    let requirements = Requirements::load(&given).map_err(|problem| values.problem("requirements_txt", problem))?;
    Ok(Some(Install { python_version, requirements }))
}

fn market(price_type: &str) -> Market {
    match price_type {
        "spot" => Market::Spot,
        "heterogeneous" => Market::Heterogeneous,
        _ => Market::OnDemand,
    }
}

fn max_price(values: &Values) -> Result<Option<String>, OptionError> {
    let Some(price) = values.maybe_text("max_price") else { return Ok(None) };
    let problem = || values.problem("max_price", format!("{price} is no price in US dollars; write one such as 0.05"));
    price.parse().ok().and_then(limits::price).map(Some).ok_or_else(problem)
}

fn root_gib(values: &Values) -> Result<Option<i32>, OptionError> {
    let key = "root_volume_gib";
    match values.maybe_integer(key) {
        None => Ok(None),
        Some(gib) => match i32::try_from(gib).ok().filter(|gib| *gib <= LARGEST_VOLUME) {
            Some(gib) => Ok(Some(gib)),
            None => Err(values.problem(key, format!("EC2 has no volume of {gib} GiB: give {LARGEST_VOLUME} at most"))),
        },
    }
}

/// Endpoints are made of its name: one that is mistyped leads nowhere, and no answer says so.
fn check_region(values: &Values) -> Result<(), OptionError> {
    let region = values.text("aws_region");
    if limits::is_region(&region) {
        return Ok(());
    }
    Err(values.problem("aws_region", format!("{region:?} is no region; write one such as us-east-1")))
}

fn lease_of(values: &Values) -> Result<Option<Duration>, OptionError> {
    let key = "lease_seconds";
    let lease = Duration::from_secs(values.fitting::<u32>(key)?.into());
    if lease.is_zero() {
        return Ok(None);
    }
    if lease < lease::SHORTEST {
        let problem = format!("{} s are too short: give {} at least", lease.as_secs(), lease::SHORTEST.as_secs());
        return Err(values.problem(key, problem));
    }
    if lease < 4 * values.seconds("observe_interval_seconds") {
        let problem = "it is renewed when a manager looks at its instances: give four times observe_interval_seconds \
                       (--observe-interval-seconds) at least";
        return Err(values.problem(key, problem));
    }
    Ok(Some(lease))
}
