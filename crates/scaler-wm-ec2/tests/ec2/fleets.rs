//! Launches as EC2 fleets: EC2 chooses among types and subnets.

use scaler_wm_core::{ErrorKind, Provider, Tier};
use scaler_wm_ec2::{Ec2Config, FleetChoice, Market, Way};

use crate::{
    fake::{Fake, Next},
    launching::prepare,
};

fn several(config: &mut Ec2Config, market: Market, percent_on_demand: Option<u8>) {
    config.types = vec!["c5.large".to_owned(), "c6i.large".to_owned()];
    config.subnets = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
    config.market = market;
    config.max_price = Some("0.05".to_owned());
    config.way = Way::Fleet(FleetChoice {
        spot_strategy: Some("price-capacity-optimized".to_owned()),
        on_demand_strategy: Some("prioritized".to_owned()),
        percent_on_demand,
    });
}

#[tokio::test(start_paused = true)]
async fn a_fleet_is_one_call_with_every_type_in_every_subnet() {
    let fake = Fake::default();
    let provider = fake.provider(|config| several(config, Market::Heterogeneous, Some(20))).await.unwrap();
    assert_eq!(provider.info().tiers, [Tier::from("fleet/heterogeneous")]);
    let template = &fake.calls("CreateLaunchTemplate")[0];
    for (key, value) in [
        ("LaunchTemplateData.ImageId", "ami-1"),
        ("LaunchTemplateData.InstanceInitiatedShutdownBehavior", "terminate"),
        ("LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1", "sg-1"),
    ] {
        assert_eq!(template.get(key), value, "{key}");
    }
    let before = fake.operations().len();
    let launch = prepare(&provider, 11, 0);
    let launched = provider.launch(&launch).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed.len()), (11, 0));
    assert_eq!(fake.operations()[before..], ["CreateFleet"]);
    let call = &fake.calls("CreateFleet")[0];
    for (key, value) in [
        ("Type", "instant"),
        ("ClientToken", launch.token.as_str()),
        ("TargetCapacitySpecification.TotalTargetCapacity", "11"),
        ("TargetCapacitySpecification.OnDemandTargetCapacity", "3"),
        ("TargetCapacitySpecification.SpotTargetCapacity", "8"),
        ("SpotOptions.AllocationStrategy", "price-capacity-optimized"),
        ("OnDemandOptions.AllocationStrategy", "prioritized"),
        ("LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId", "lt-1"),
        ("LaunchTemplateConfigs.1.Overrides.1.InstanceType", "c5.large"),
        ("LaunchTemplateConfigs.1.Overrides.1.MaxPrice", "0.05"),
        ("LaunchTemplateConfigs.1.Overrides.4.InstanceType", "c6i.large"),
        ("LaunchTemplateConfigs.1.Overrides.4.SubnetId", "subnet-2"),
        ("LaunchTemplateConfigs.1.Overrides.4.Priority", "3.0"),
    ] {
        assert_eq!(call.get(key), value, "{key}");
    }
    assert_eq!(call.tags("instance")["orb:provider-api"], "EC2Fleet");
    assert_eq!(call.tags("fleet"), call.tags("instance"));
    // A listing tells the rest of each.
    let observed = provider.observe(&[]).await.unwrap();
    assert!(observed.units.len() == 11 && observed.units.iter().all(|unit| unit.launch.as_ref() == Some(&launch.id)));
}

#[tokio::test(start_paused = true)]
async fn the_types_on_demand_are_in_the_list_of_a_fleet_of_both_markets() {
    let fake = Fake::default();
    let change = |config: &mut Ec2Config| {
        several(config, Market::Heterogeneous, Some(20));
        config.on_demand_types = vec!["c5.xlarge".to_owned(), "c5.large".to_owned()];
    };
    let provider = fake.provider(change).await.unwrap();
    for count in [11, 1] {
        provider.launch(&prepare(&provider, count, 0)).await.unwrap();
    }
    let types = |call: &crate::form::Form| -> Vec<String> {
        let key = |index| format!("LaunchTemplateConfigs.1.Overrides.{index}.InstanceType");
        (1..).map_while(|index| call.maybe(&key(index))).step_by(2).collect()
    };
    let calls = fake.calls("CreateFleet");
    assert_eq!(types(&calls[0]), ["c5.large", "c6i.large", "c5.xlarge"]);
    assert_eq!(types(&calls[1]), ["c5.xlarge", "c5.large"], "all of it is on demand");
}

#[tokio::test(start_paused = true)]
async fn without_a_share_each_market_is_a_tier_of_its_own() {
    let fake = Fake::default();
    let provider = fake.provider(|config| several(config, Market::Heterogeneous, None)).await.unwrap();
    assert_eq!(provider.info().tiers, [Tier::from("fleet/spot"), Tier::from("fleet/on-demand")]);
    provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
    provider.launch(&prepare(&provider, 2, 1)).await.unwrap();
    let calls = fake.calls("CreateFleet");
    let [spot, on_demand] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(spot.get("TargetCapacitySpecification.SpotTargetCapacity"), "2");
    assert_eq!(spot.get("OnDemandOptions.AllocationStrategy"), "");
    assert_eq!(on_demand.get("TargetCapacitySpecification.OnDemandTargetCapacity"), "2");
    assert_eq!(on_demand.get("SpotOptions.AllocationStrategy"), "");
    assert_eq!(on_demand.get("LaunchTemplateConfigs.1.Overrides.1.MaxPrice"), "");
}

#[tokio::test(start_paused = true)]
async fn a_full_pool_does_not_matter_and_a_fleet_without_any_waits() {
    let fake = Fake::default();
    let provider = fake.provider(|config| several(config, Market::Spot, None)).await.unwrap();
    fake.is_full("c5.large");
    let launched = provider.launch(&prepare(&provider, 3, 0)).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed.len()), (3, 0));
    fake.script("CreateFleet", [Next::Starts(1)]);
    let launched = provider.launch(&prepare(&provider, 3, 0)).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed[0].kind()), (1, ErrorKind::NoCapacity));
    fake.is_full("c6i.large");
    let launched = provider.launch(&prepare(&provider, 3, 0)).await.unwrap();
    assert_eq!((launched.units.len(), launched.failed.len()), (0, 1));
    assert_eq!(launched.failed[0].kind(), ErrorKind::NoCapacity);
}

#[tokio::test(start_paused = true)]
async fn the_same_fleet_again_brings_nothing_twice_and_its_template_is_found_again() {
    let fake = Fake::default();
    let provider = fake.provider(|config| several(config, Market::Spot, None)).await.unwrap();
    let launch = prepare(&provider, 3, 0);
    fake.script("CreateFleet", [Next::LosesReply]);
    assert_eq!(provider.launch(&launch).await.unwrap_err().kind(), ErrorKind::Transient);
    let next = fake.provider(|config| several(config, Market::Spot, None)).await.unwrap();
    assert_eq!(next.launch(&launch).await.unwrap().units.len(), 3);
    assert_eq!((fake.running().len(), fake.temporary()), (3, [1, 1, 1]));
    let ids: Vec<_> = fake.running().into_iter().map(|id| scaler_wm_core::UnitId::from(id.as_str())).collect();
    next.stop(&ids, scaler_wm_core::Stop::Now).await;
    next.sweep().await.unwrap();
    assert_eq!(fake.temporary(), [0, 0, 0]);
}
