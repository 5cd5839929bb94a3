//! Instances, and what is made for them.

use std::collections::BTreeSet;

use scaler_wm_tests::{ApiError, Ec2Options, Ec2Stack, Ec2StackOptions, Faults, IMAGE, Instance, Result};

use crate::planted::{clear_socket, is_refused, options, plant_launch, plant_socket, settled, states, told};

const EXTRA: [&str; 4] = ["--instance-type", "t2.micro", "--observe-interval-seconds", "1"];

fn stack() -> Result<Ec2Stack> {
    // Instances that are no processes.
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    Ec2Stack::start(Ec2StackOptions { emulator, stack: told() })
}

/// Launches an instance behind every manager's back.
fn launch(ec2: &Ec2Stack, tags: &[(&str, &str)]) -> Result<String> {
    let mut call = vec![("ImageId", IMAGE.to_owned()), ("InstanceType", "t2.micro".to_owned())];
    call.extend([("MinCount", "1".to_owned()), ("MaxCount", "1".to_owned())]);
    let mut call: Vec<(String, String)> = call.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if !tags.is_empty() {
        call.push(("TagSpecification.1.ResourceType".to_owned(), "instance".to_owned()));
    }
    for (number, (name, value)) in (1..).zip(tags) {
        call.push((format!("TagSpecification.1.Tag.{number}.Key"), (*name).to_owned()));
        call.push((format!("TagSpecification.1.Tag.{number}.Value"), (*value).to_owned()));
    }
    let call: Vec<(&str, &str)> = call.iter().map(|(name, value)| (&**name, &**value)).collect();
    let before: BTreeSet<String> = ec2.units()?.into_iter().map(|unit| unit.id).collect();
    ec2.cloud.emulator.client().ec2("RunInstances", &call)?.ok()?;
    let new = ec2.units()?.into_iter().find(|unit| !before.contains(&unit.id));
    Ok(new.expect("another instance").id)
}

fn of<'a>(units: &'a [Instance], manager: &str) -> Vec<&'a Instance> {
    units.iter().filter(|unit| unit.tags.get("scaler-wm:manager").is_some_and(|id| id == manager)).collect()
}

#[test]
fn everything_that_a_killed_manager_leaves_is_found_and_deleted() -> Result<()> {
    let ec2 = stack()?;
    let (ours, other) = (options("wm1", &EXTRA), options("other", &EXTRA));
    let mut killed = ec2.connected_manager(&ours)?;
    let _lives = ec2.manager(&other)?;
    ec2.stack.wish(2)?;
    ec2.until("two instances of each on record", 30.0, || {
        let both = ["wm1", "other"].map(|id| settled(&ec2.stack, id));
        (both == [Some(2), Some(2)]).then_some(())
    })?;
    killed.kill();

    let units = ec2.units()?;
    let (owned, made) = (of(&units, "wm1"), ec2.cloud.emulator.resources()?);
    ec2.check(owned.len() == 2 && made.count() == 4, "what both have made", format!("{units:?} {made:?}"))?;
    let owner = owned[0].tags["scaler-wm:owner"].clone();
    let lost = [("scaler-wm:owner", &*owner), ("scaler-wm:manager", "wm1"), ("scaler-wm:launch", "lost")];
    let lost = launch(&ec2, &lost)?;
    let strange = launch(&ec2, &[("scaler-wm:owner", &*owner), ("scaler-wm:manager", "somebody")])?;
    let untagged = launch(&ec2, &[])?;
    plant_launch(&ec2.stack, "wm1", "open-launch");
    let socket = plant_socket(&ec2.stack, "wm1");

    let report = ec2.doctor(&ours, &["--json"])?;
    let mut found = report.found()?;
    let key_pair = owner.replace('/', "-");
    let group = found.keys().find(|name| name.starts_with("sg-")).cloned().unwrap_or_default();
    let mut wanted = states([
        (&*owned[0].id, "waiting"),
        (&owned[1].id, "waiting"),
        (&lost, "unmanaged"),
        (&strange, "foreign"),
        (&key_pair, "in_use"),
        (&group, "in_use"),
        ("open-launch", "open"),
        (&socket, "unused"),
    ]);
    ec2.check(found == wanted && report.code == Some(1), "each of them found", format!("{report:?}"))?;
    let lines = ec2.doctor(&ours, &[])?;
    let says = |what: &str| lines.output.contains(what);
    let is_said = says("nobody manages it") && says("repeats it") && says("5 amiss; --delete takes away 7");
    ec2.check(is_said && lines.code == Some(1), "each of them told", format!("{lines:?}"))?;
    println!("{}", lines.output);

    let refused = ec2.doctor(&ours, &["--delete"])?;
    ec2.check(is_refused(&refused), "a refusal", format!("{refused:?}"))?;
    ec2.check(ec2.units()?.len() == units.len() + 3, "all of them still there", format!("{:?}", ec2.units()?))?;

    let report = ec2.doctor(&ours, &["--delete", "--yes"])?;
    println!("{}{}", report.output, report.errors);
    ec2.check(report.code == Some(0), "a good end", format!("{report:?}"))?;
    let order =
        ["deleting 1 of 7: EC2 instance", "deleting 4 of 7: ", "forgetting 7 of 7: record of launch open-launch"];
    let is_told = order.iter().all(|line| report.errors.contains(line));
    ec2.check(is_told && report.output.contains("7 deleted; nothing is amiss"), "progress", format!("{report:?}"))?;
    let left: BTreeSet<String> = ec2.units()?.into_iter().map(|unit| unit.id).collect();
    let others = of(&units, "other").into_iter().map(|unit| unit.id.clone());
    let others: BTreeSet<String> = others.chain([strange.clone(), untagged]).collect();
    ec2.check(left == others, "everybody else's instances", format!("{left:?} instead of {others:?}"))?;
    let kept = ec2.cloud.emulator.resources()?;
    let is_others = |name: &String| name.contains("other") && made.key_pairs.contains(name);
    ec2.check(kept.count() == 2 && kept.key_pairs.iter().all(is_others), "the other's things", format!("{kept:?}"))?;

    // Nothing is amiss any more; what is not ours is told, and no more.
    let report = ec2.doctor(&ours, &["--json"])?;
    wanted.retain(|name, _| *name == strange);
    found = report.found()?;
    ec2.check(found == wanted && report.code == Some(0), "nothing amiss", format!("{report:?}"))
}

#[test]
fn what_nothing_uses_any_more_is_found_alone() -> Result<()> {
    let ec2 = stack()?;
    let fleet = [
        "--instance-types",
        "t2.micro,t3.micro",
        "--allocation-strategy",
        "price-capacity-optimized",
        "--price-type",
        "spot",
    ];
    let ours = options("wm1", &fleet);
    let mut killed = ec2.connected_manager(&ours)?;
    ec2.until("what it makes at its start", 20.0, || {
        let made = ec2.cloud.emulator.resources().ok()?;
        (made.count() == 3).then_some(())
    })?;
    killed.kill();
    clear_socket(&ec2.stack, "wm1");
    let made = ec2.cloud.emulator.resources()?;
    let report = ec2.doctor(&ours, &["--json"])?;
    let found = report.found()?;
    let unused = found.values().filter(|state| *state == "unused").count();
    ec2.check(unused == made.count() && report.code == Some(1), "what nothing uses", format!("{report:?} {made:?}"))?;
    let report = ec2.doctor(&ours, &["--delete", "--yes", "--json"])?;
    ec2.check(report.code == Some(0) && report.found()?.is_empty(), "nothing found any more", format!("{report:?}"))?;
    let left = ec2.cloud.emulator.resources()?;
    ec2.check(left.is_empty(), "nothing left", format!("{left:?}"))
}

#[test]
fn what_cannot_be_looked_at_is_told_and_no_record_is_forgotten_meanwhile() -> Result<()> {
    let ec2 = stack()?;
    let ours = options("wm1", &EXTRA);
    let mut killed = ec2.connected_manager(&ours)?;
    killed.kill();
    plant_launch(&ec2.stack, "wm1", "open-launch");
    let denied = |call: &str| ApiError::new("UnauthorizedOperation", "no").on(call).status(403);
    ec2.cloud.proxy.set_faults(Faults { errors: vec![denied("DescribeKeyPairs")], ..Faults::default() });
    let report = ec2.doctor(&ours, &["--delete", "--yes", "--json"])?;
    let failed = &report.json()?["managers"][0]["failed"];
    let is_told = failed.to_string().contains("look for key pairs") && failed.to_string().contains("denied");
    ec2.check(is_told && report.code == Some(1), "what could not be looked at", format!("{report:?}"))?;
    let found = report.found()?;
    ec2.check(found == states([("open-launch", "open")]), "the launch still on record", format!("{found:?}"))?;

    // Nothing at all can be seen: nothing is said to be in order.
    ec2.cloud.proxy.set_faults(Faults { errors: vec![denied("DescribeInstances")], ..Faults::default() });
    let report = ec2.doctor(&ours, &[])?;
    let is_told = report.output.contains("failed to describe instances (denied)");
    ec2.check(is_told && report.code == Some(1), "what could not be looked at", format!("{report:?}"))?;

    ec2.cloud.proxy.set_faults(Faults::default());
    let report = ec2.doctor(&ours, &["--delete", "--yes", "--json"])?;
    ec2.check(report.code == Some(0) && report.found()?.is_empty(), "nothing any more", format!("{report:?}"))
}

#[test]
fn beside_a_manager_that_runs_only_what_it_does_not_know_is_deleted() -> Result<()> {
    let ec2 = stack()?;
    // It looks once, and so never learns of what is planted later.
    let ours = options("wm1", &["--instance-type", "t2.micro", "--observe-interval-seconds", "3600"]);
    let running = ec2.connected_manager(&ours)?;
    ec2.stack.wish(2)?;
    ec2.until("two instances on record", 30.0, || (settled(&ec2.stack, "wm1") == Some(2)).then_some(()))?;
    let units = ec2.units()?;
    let owner = units[0].tags["scaler-wm:owner"].clone();
    let lost = [("scaler-wm:owner", &*owner), ("scaler-wm:manager", "wm1"), ("scaler-wm:launch", "lost")];
    let lost = launch(&ec2, &lost)?;

    let report = ec2.doctor(&ours, &["--json"])?;
    let found = report.found()?;
    let known = units.iter().filter(|unit| found.get(&unit.id).is_some_and(|state| state == "managed")).count();
    let is_right = known == 2 && found.get(&lost).is_some_and(|state| state == "unmanaged");
    ec2.check(is_right && report.code == Some(1), "the one that nobody manages", format!("{report:?}"))?;
    println!("{}", ec2.doctor(&ours, &[])?.output);

    let report = ec2.doctor(&ours, &["--delete", "--yes"])?;
    println!("{}{}", report.output, report.errors);
    let left: BTreeSet<String> = ec2.units()?.into_iter().map(|unit| unit.id).collect();
    let others: BTreeSet<String> = units.into_iter().map(|unit| unit.id).collect();
    ec2.check(left == others && report.code == Some(0), "its own instances", format!("{left:?} {report:?}"))?;
    running.terminate();
    Ok(())
}
