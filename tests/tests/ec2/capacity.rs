//! How many instances come, and from where.

use scaler_wm_tests::{Result, Shortage};

use crate::account::{Account, ids};

#[test]
fn as_many_come_as_there_is_room_for() -> Result<()> {
    let account = Account::idle()?;
    assert_eq!(ids(account.run(1, 5, &[])?)?.len(), 5);
    let emulator = &account.cloud.emulator;
    emulator.set_shortages(&[Shortage::of("c5.large", 3)])?;
    assert_eq!(ids(account.run(1, 2, &[])?)?.len(), 2);
    let short = account.run(2, 4, &[])?;
    assert_eq!((short.status, short.code.as_deref()), (500, Some("InsufficientInstanceCapacity")));
    assert_eq!(ids(account.run(1, 4, &[])?)?.len(), 1, "the failed call took nothing");
    assert_eq!(account.run(1, 1, &[])?.code.as_deref(), Some("InsufficientInstanceCapacity"));
    assert_eq!(ids(account.run(1, 2, &[("InstanceType", "c5.xlarge")])?)?.len(), 2);
    emulator.set_shortages(&[])?;
    assert_eq!(ids(account.run(1, 2, &[])?)?.len(), 2);
    let call = &account.cloud.proxy.calls_of("RunInstances")[1];
    assert_eq!((call.body["MaxCount"].as_str(), call.units.len()), (Some("2"), 2));
    Ok(())
}

#[test]
fn want_is_of_a_subnet_a_zone_or_a_market() -> Result<()> {
    let account = Account::idle()?;
    let subnets = account.subnets()?;
    let on = |subnet: &str| account.run(1, 1, &[("SubnetId", subnet)]).map(|answer| answer.status);
    let no_room = Shortage { room: 0, ..Shortage::default() };
    account.cloud.emulator.set_shortages(&[Shortage { subnet: Some(subnets[0].clone()), ..no_room.clone() }])?;
    assert_eq!((on(&subnets[0])?, on(&subnets[1])?), (500, 200));
    let zone = account.cloud.units()?[0].zone.clone();
    account.cloud.emulator.set_shortages(&[Shortage { zone: Some(zone), ..no_room.clone() }])?;
    assert_eq!((on(&subnets[0])?, on(&subnets[1])?), (200, 500));
    account.cloud.emulator.set_shortages(&[Shortage { market: Some("spot".to_owned()), ..no_room }])?;
    let spot = [("InstanceMarketOptions.MarketType", "spot")];
    assert_eq!((account.run(1, 1, &spot)?.status, account.run(1, 1, &[])?.status), (500, 200));
    Ok(())
}

#[test]
fn a_fleet_takes_what_it_gets_and_tells_what_it_does_not() -> Result<()> {
    let account = Account::idle()?;
    let subnets = account.subnets()?;
    let template = [
        ("LaunchTemplateName", "tests"),
        ("LaunchTemplateData.ImageId", scaler_wm_tests::IMAGE),
        ("LaunchTemplateData.InstanceType", "c5.large"),
    ];
    account.client.ec2("CreateLaunchTemplate", &template)?.ok()?;
    account.cloud.emulator.set_shortages(&[Shortage::of("c5.large", 1)])?;
    let config = "LaunchTemplateConfigs.1";
    let fields = [
        ("Type".to_owned(), "instant"),
        ("ClientToken".to_owned(), "a"),
        (format!("{config}.LaunchTemplateSpecification.LaunchTemplateName"), "tests"),
        (format!("{config}.LaunchTemplateSpecification.Version"), "$Latest"),
        (format!("{config}.Overrides.1.InstanceType"), "c5.large"),
        (format!("{config}.Overrides.1.SubnetId"), &*subnets[0]),
        (format!("{config}.Overrides.2.InstanceType"), "c5.xlarge"),
        (format!("{config}.Overrides.2.SubnetId"), &*subnets[1]),
        (format!("{config}.Overrides.2.WeightedCapacity"), "2"),
        ("TargetCapacitySpecification.TotalTargetCapacity".to_owned(), "5"),
        ("TargetCapacitySpecification.DefaultTargetCapacityType".to_owned(), "spot"),
        ("TagSpecification.1.ResourceType".to_owned(), "instance"),
        ("TagSpecification.1.Tag.1.Key".to_owned(), "of"),
        ("TagSpecification.1.Tag.1.Value".to_owned(), "tests"),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, *value)).collect();
    let fleet = account.client.ec2("CreateFleet", &fields)?;
    assert_eq!(fleet.texts("errorCode"), ["InsufficientInstanceCapacity"], "{}", fleet.body);
    let again = account.client.ec2("CreateFleet", &fields)?;
    assert_eq!(again.ok()?, fleet.ok()?, "the same token");
    let instances = account.cloud.units()?;
    let mut came: Vec<_> = instances.iter().map(|one| (&*one.instance_type, &*one.subnet, one.is_spot)).collect();
    came.sort_unstable();
    assert_eq!(
        came,
        [("c5.large", &*subnets[0], true), ("c5.xlarge", &*subnets[1], true), ("c5.xlarge", &*subnets[1], true)]
    );
    assert!(instances.iter().all(|one| one.tags["of"] == "tests" && one.tags.contains_key("aws:ec2:fleet-id")));
    assert_eq!(account.cloud.proxy.calls_of("CreateFleet")[0].units.len(), 3);
    Ok(())
}
