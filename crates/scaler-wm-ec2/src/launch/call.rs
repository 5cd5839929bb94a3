//! A launch: one `RunInstances` or `CreateFleet` call with everything in it, frozen.

use std::time::Duration;

use aws_smithy_types::{DateTime, date_time::Format};
use scaler_wm_aws::{OWNER, Tags};
use scaler_wm_core::{Error, ErrorKind, Launch, LaunchId, Result, Tier, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Ec2Config, FleetChoice, Market, Way, ground::Ground, instance::lease};

const SPOT: &str = "spot";
const ON_DEMAND: &str = "on-demand";
/// What the tiers of fleets begin with.
const FLEET: &str = "fleet";
/// The tier of a fleet that is of both markets.
const BOTH: &str = "fleet/heterogeneous";

/// Every parameter of a launch but its count and its token, which stand in the launch itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Call {
    RunInstances(RunInstances),
    CreateFleet(CreateFleet),
}

/// What one instance is, whichever call starts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) image: Option<String>,
    pub(crate) key_name: Option<String>,
    pub(crate) security_groups: Vec<String>,
    /// In base64.
    pub(crate) user_data: String,
    pub(crate) instance_profile: Option<String>,
    pub(crate) root_volume: Option<Volume>,
    pub(crate) ebs_optimized: Option<bool>,
    pub(crate) monitoring: Option<bool>,
    /// Whether an instance can read its own tags, as it must for its lease.
    pub(crate) reads_tags: bool,
}

/// A root volume that is another than the image says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) device: String,
    pub(crate) gib: Option<i32>,
    pub(crate) kind: Option<String>,
    pub(crate) iops: Option<i32>,
}

/// A launch of one type in one subnet, of one market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunInstances {
    pub(crate) shape: Shape,
    pub(crate) launch_template: Option<(String, Option<String>)>,
    pub(crate) instance_type: String,
    pub(crate) subnet: String,
    pub(crate) is_spot: bool,
    pub(crate) max_price: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
}

/// A launch of whatever types and subnets EC2 chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreateFleet {
    pub(crate) launch_template: String,
    pub(crate) types: Vec<String>,
    pub(crate) subnets: Vec<String>,
    /// How many are on demand; the others are Spot.
    pub(crate) on_demand: u32,
    pub(crate) spot_strategy: Option<String>,
    pub(crate) on_demand_strategy: Option<String>,
    pub(crate) max_price: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
}

impl Call {
    /// The call that `config` and a tier describe.
    pub(crate) fn new(config: &Ec2Config, ground: &Ground, launch: &Draft<'_>) -> Result<Self> {
        let unknown =
            || Error::new(ErrorKind::Invalid, "prepare instances", format!("there is no tier {}", launch.tier));
        let tags = tags(config, launch);
        match &config.way {
            Way::Fleet(choice) => {
                let count = launch.count;
                let on_demand = match launch.tier.as_str() {
                    BOTH => share(count, choice.percent_on_demand.unwrap_or(0)),
                    tier if tier == format!("{FLEET}/{SPOT}") => 0,
                    tier if tier == format!("{FLEET}/{ON_DEMAND}") => count,
                    _ => return Err(unknown()),
                };
                let FleetChoice { spot_strategy, on_demand_strategy, .. } = choice.clone();
                Ok(Self::CreateFleet(CreateFleet {
                    launch_template: ground.launch_template.clone().unwrap_or_default(),
                    types: fleet_types(config, on_demand, count),
                    subnets: ground.subnets.clone(),
                    on_demand,
                    spot_strategy,
                    on_demand_strategy,
                    max_price: config.max_price.clone().filter(|_| on_demand < count),
                    tags,
                }))
            }
            Way::RunInstances => {
                let mut parts = launch.tier.as_str().split('/');
                let (Some(instance_type), Some(subnet), Some(market)) = (parts.next(), parts.next(), parts.next())
                else {
                    return Err(unknown());
                };
                let is_spot = market == SPOT;
                Ok(Self::RunInstances(RunInstances {
                    shape: ground.shape.clone(),
                    launch_template: config.launch_template.clone(),
                    instance_type: instance_type.to_owned(),
                    subnet: subnet.to_owned(),
                    is_spot,
                    max_price: config.max_price.clone().filter(|_| is_spot),
                    tags,
                }))
            }
        }
    }

    /// That of a launch.
    pub(crate) fn of(launch: &Launch) -> Result<Self> {
        serde_json::from_slice(&launch.spec).map_err(|error| {
            let context = format!("launch {} is none of this provider", launch.id);
            Error::new(ErrorKind::Invalid, "start instances", context).with_source(error)
        })
    }
}

/// What a launch is before it has its parameters.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) id: &'a LaunchId,
    pub(crate) tier: &'a Tier,
    pub(crate) count: u32,
    pub(crate) at: Timestamp,
}

/// Where instances can come from, best first.
pub(crate) fn tiers(config: &Ec2Config, subnets: &[String]) -> Vec<Tier> {
    let markets: &[&str] = match config.market {
        Market::OnDemand => &[ON_DEMAND],
        Market::Spot => &[SPOT],
        Market::Heterogeneous => &[SPOT, ON_DEMAND],
    };
    match &config.way {
        Way::Fleet(FleetChoice { percent_on_demand: Some(_), .. }) if config.market == Market::Heterogeneous => {
            vec![Tier::from(BOTH)]
        }
        Way::Fleet(_) => markets.iter().map(|market| Tier::from(format!("{FLEET}/{market}"))).collect(),
        Way::RunInstances => {
            let places = |market: &'static str| {
                let of_type = move |kind: &String| {
                    subnets.iter().map(|subnet| Tier::from(format!("{kind}/{subnet}/{market}"))).collect::<Vec<_>>()
                };
                types(config, market == ON_DEMAND).iter().flat_map(of_type).collect::<Vec<_>>()
            };
            markets.iter().copied().flat_map(places).collect()
        }
    }
}

/// The types of a market.
fn types(config: &Ec2Config, is_on_demand: bool) -> &[String] {
    let has_others = is_on_demand && config.market == Market::Heterogeneous && !config.on_demand_types.is_empty();
    if has_others { &config.on_demand_types } else { &config.types }
}

/// The types of a fleet. One call has one list for both markets: EC2 may choose any of it for either, as with ORB.
fn fleet_types(config: &Ec2Config, on_demand: u32, count: u32) -> Vec<String> {
    let mut types = types(config, on_demand == count).to_vec();
    if (1..count).contains(&on_demand) {
        let others = config.on_demand_types.iter().filter(|kind| !config.types.contains(kind));
        types.extend(others.cloned());
    }
    types
}

/// So much of `count`, rounded up: a share that is asked for is not lost in small launches.
fn share(count: u32, percent: u8) -> u32 {
    count.min(u32::try_from((u64::from(count) * u64::from(percent)).div_ceil(100)).unwrap_or(count))
}

/// The tags of what a launch brings: the user's, those of Open Resource Broker, and ours.
fn tags(config: &Ec2Config, launch: &Draft<'_>) -> Vec<(String, String)> {
    let mut tags = Tags::of(&config.workers.manager, launch.id, launch.tier, &config.tags).into_pairs();
    tags.push((OWNER.to_owned(), config.workers.owner()));
    let at = DateTime::from_millis(i64::try_from(launch.at.as_millis()).unwrap_or(i64::MAX));
    for (name, value) in [
        ("orb:managed-by", "open-resource-broker"),
        ("orb:request-id", &format!("req-{}", launch.id)),
        ("orb:template-id", &config.template_id),
        ("orb:provider-api", config.way.api().as_str()),
        ("orb:created-at", &at.fmt(Format::DateTime).unwrap_or_default()),
    ] {
        tags.push((name.to_owned(), value.to_owned()));
    }
    tags.extend(config.lease.map(|lease: Duration| lease::tag(launch.at, lease)));
    tags
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_rounded_up_and_within_the_launch() {
        assert_eq!(
            [(10, 0), (10, 20), (3, 20), (1, 1), (7, 100)].map(|(count, percent)| share(count, percent)),
            [0, 2, 1, 1, 7]
        );
    }
}
