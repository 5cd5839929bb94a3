//! Capacity that is not there: what a manager takes instead, and when it asks again.

use scaler_wm_tests::{ApiError, Faults, Result, Shortage, now};

use crate::bad_days::{beats_on, said_once};
use crate::setup::{ONE_WORKER, ends_clean, idle, launches, until_there};

/// What is soon, where something else is there to be taken, in seconds.
const AT_ONCE: f64 = 8.0;

#[test]
fn launches_are_refused_for_want_of_capacity() -> Result<()> {
    let (ec2, mut manager) = idle(&ONE_WORKER)?;
    let began = now();
    let message = "We currently do not have sufficient t2.micro capacity in the Availability Zone you requested";
    let full = ApiError::new("InsufficientInstanceCapacity", message).status(500).on("RunInstances").times(1);
    ec2.cloud.proxy.set_faults(Faults { errors: vec![full], ..Faults::default() });
    ec2.stack.wish(10)?;
    // Where there is no other tier, it is asked for again after half a minute.
    until_there(&ec2, 10, 50.0)?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["no capacity"])?;
    let calls = launches(&ec2, 2)?;
    let of = |call: usize| calls[call].body["ClientToken"].clone();
    ec2.check(of(0) != of(1), "a launch of its own", "the same")?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn calls_bring_a_part_of_what_they_ask_for() -> Result<()> {
    let (ec2, mut manager) = idle(&ONE_WORKER)?;
    let began = now();
    ec2.cloud.emulator.set_shortages(&[Shortage::of("t2.micro", 3)])?;
    ec2.stack.wish(10)?;
    until_there(&ec2, 3, 20.0)?;
    ec2.until("it said", 10.0, || (!manager.log().lines_with(&["3 of 10 instances came"]).is_empty()).then_some(()))?;
    ec2.cloud.emulator.set_shortages(&[])?;
    until_there(&ec2, 10, 50.0)?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["no capacity"])?;
    let asked: Vec<_> = launches(&ec2, 2)?.iter().map(|call| call.body["MaxCount"].clone()).collect();
    ec2.check(asked == ["10", "7"], "the rest asked for", format!("{asked:?}"))?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn the_next_type_takes_over_from_one_without_capacity() -> Result<()> {
    let (ec2, mut manager) = idle(&["--instance-types", "c5.large,c6i.large"])?;
    let began = now();
    ec2.cloud.emulator.set_shortages(&[Shortage::of("c5.large", 2)])?;
    // Two workers each.
    ec2.stack.wish(10)?;
    let mut types: Vec<_> = until_there(&ec2, 5, AT_ONCE)?.into_iter().map(|unit| unit.instance_type).collect();
    types.sort_unstable();
    ec2.check(
        types == ["c5.large", "c5.large", "c6i.large", "c6i.large", "c6i.large"],
        "the rest of the second type",
        format!("{types:?}"),
    )?;
    // The first type is left alone now, although it would have some again.
    ec2.cloud.emulator.set_shortages(&[])?;
    ec2.stack.wish(14)?;
    let units = until_there(&ec2, 7, AT_ONCE)?;
    let of_second = units.iter().filter(|unit| unit.instance_type == "c6i.large").count();
    ec2.check(of_second == 5, "two more of the second type", format!("{units:?}"))?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["no capacity"])?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn the_next_subnet_takes_over_from_one_whose_zone_is_full() -> Result<()> {
    let (ec2, mut manager) = idle(&ONE_WORKER)?;
    let subnets = ec2.cloud.emulator.client().ec2("DescribeSubnets", &[])?.texts("subnetId");
    ends_clean(&ec2, &mut manager)?;
    let both = format!("{},{}", subnets[0], subnets[1]);
    let full = Shortage { subnet: Some(subnets[0].clone()), ..Shortage::default() };
    ec2.cloud.emulator.set_shortages(&[full])?;
    let options = crate::setup::options(&[&ONE_WORKER[..], &["--subnet-ids", &both]].concat());
    let mut manager = ec2.connected_manager(&options)?;
    ec2.stack.wish(3)?;
    let units = until_there(&ec2, 3, AT_ONCE)?;
    ec2.check(units.iter().all(|unit| unit.subnet == subnets[1]), "the second subnet", format!("{units:?}"))?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn what_spot_has_not_comes_on_demand() -> Result<()> {
    let (ec2, mut manager) = idle(&[&ONE_WORKER[..], &["--price-type", "heterogeneous"]].concat())?;
    let began = now();
    ec2.cloud.emulator.set_shortages(&[Shortage {
        room: 2,
        market: Some("spot".to_owned()),
        ..Shortage::default()
    }])?;
    ec2.stack.wish(6)?;
    let units = until_there(&ec2, 6, AT_ONCE)?;
    let spot = units.iter().filter(|unit| unit.is_spot).count();
    ec2.check(spot == 2, "four on demand beside what Spot had", format!("{units:?}"))?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["no capacity"])?;
    ends_clean(&ec2, &mut manager)
}
