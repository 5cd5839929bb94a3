//! Instances by EC2 Fleet: one call for a launch of several types and subnets.

use std::fs;

use scaler_wm_tests::{Ec2Options, Ec2Stack, Ec2StackOptions, IMAGE, Manager, Result, Shortage};
use serde_json::json;

use crate::setup::{ends_clean, options, told, until_there};

/// Types of two workers each.
const TYPES: &str = "c5.large,c6i.large";

/// Two subnets, each in a zone of its own.
fn subnets(ec2: &Ec2Stack) -> Result<Vec<String>> {
    let mut all = ec2.cloud.emulator.client().ec2("DescribeSubnets", &[])?.texts("subnetId");
    all.truncate(2);
    Ok(all)
}

/// A manager that the options tell of fleets.
fn by_options(ec2: &Ec2Stack) -> Result<Manager> {
    let subnets = subnets(ec2)?.join(",");
    ec2.connected_manager(&options(&[
        "--allocation-strategy",
        "price-capacity-optimized",
        "--price-type",
        "spot",
        "--instance-types",
        TYPES,
        "--subnet-ids",
        &subnets,
    ]))
}

/// It brings up workers by one fleet, lets all of them go, and leaves nothing.
fn works(ec2: &Ec2Stack, mut manager: Manager) -> Result<()> {
    let made = ec2.cloud.emulator.resources()?;
    let counts = [made.launch_templates.len(), made.key_pairs.len(), made.security_groups.len()];
    ec2.check(counts == [1, 1, 1], "one of each that is temporary", format!("{made:?}"))?;
    ec2.stack.wish(4)?;
    let units = ec2.until_settled(2, 4, 60.0)?;
    let calls = ec2.cloud.proxy.calls_of("CreateFleet");
    ec2.check(calls.len() == 1 && calls[0].units.len() == 2, "one call for both", format!("{calls:?}"))?;
    ec2.check(ec2.cloud.proxy.calls_of("RunInstances").is_empty(), "no other call", "there was one")?;
    for unit in &units {
        let is_right = unit.is_spot && unit.key_name.is_some() && unit.tags["orb:provider-api"] == "EC2Fleet";
        ec2.check(is_right, "a Spot instance with tags", format!("{unit:?}"))?;
    }
    ec2.stack.wish(0)?;
    ec2.until_nothing_left(30.0)?;
    ends_clean(ec2, &mut manager)
}

#[test]
fn a_fleet_brings_workers_and_leaves_nothing() -> Result<()> {
    let ec2 = Ec2Stack::start(told())?;
    let manager = by_options(&ec2)?;
    works(&ec2, manager)
}

#[test]
fn a_template_of_open_resource_broker_describes_a_fleet() -> Result<()> {
    let ec2 = Ec2Stack::start(told())?;
    let template = json!({"templates": [{
        "template_id": "workers",
        "provider_api": "EC2Fleet",
        "fleet_type": "instant",
        "image_id": IMAGE,
        "machine_types": {"c5.large": 1, "c6i.large": 1},
        "subnet_ids": subnets(&ec2)?,
        "price_type": "spot",
        "allocation_strategy": "capacity_optimized",
        "tags": {"team": "research"},
    }]});
    let file = ec2.stack.folder().join("aws_templates.json");
    fs::write(&file, template.to_string()).expect("a file of ours");
    let manager = ec2.connected_manager(&options(&["--orb-template", &file.to_string_lossy()]))?;
    works(&ec2, manager)?;
    let call = &ec2.cloud.proxy.calls_of("CreateFleet")[0];
    ec2.check(call.body["SpotOptions.AllocationStrategy"] == "capacity-optimized", "its strategy", &call.body)?;
    let instances = ec2.cloud.emulator.instances()?;
    let is_told =
        instances.iter().all(|one| one.tags["team"] == "research" && one.tags["orb:template-id"] == "workers");
    ec2.check(is_told, "its tags", format!("{instances:?}"))
}

#[test]
fn a_fleet_takes_what_there_is_and_asks_for_the_rest_later() -> Result<()> {
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { emulator, ..told() })?;
    let mut manager = by_options(&ec2)?;
    ec2.cloud.emulator.set_shortages(&[Shortage::of("c5.large", 0), Shortage::of("c6i.large", 3)])?;
    // Three of the second type are as good as any.
    ec2.stack.wish(6)?;
    let units = until_there(&ec2, 3, 10.0)?;
    ec2.check(units.iter().all(|unit| unit.instance_type == "c6i.large"), "the second type", format!("{units:?}"))?;
    ec2.check(manager.log().lines_with(&["WARN"]).is_empty(), "no word", manager.log().tail(10))?;
    // Two more are not there yet.
    ec2.stack.wish(10)?;
    ec2.until("it said", 10.0, || (!manager.log().lines_with(&["WARN", "no capacity"]).is_empty()).then_some(()))?;
    ec2.cloud.emulator.set_shortages(&[])?;
    until_there(&ec2, 5, 50.0)?;
    ends_clean(&ec2, &mut manager)
}
