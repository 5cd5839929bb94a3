//! The released manager: it shows that the harness is a place where a manager of EC2 can work.

use std::collections::BTreeMap;
use std::time::Instant;

use scaler_wm_tests::{Ec2Stack, Ec2StackOptions, LATEST, ManagerKind, ManagerOptions, Result, StackOptions, Venv};

#[test]
fn the_released_manager_brings_up_workers_on_instances() -> Result<()> {
    // Before the clock runs.
    Venv::with_orb(LATEST, &|line| eprintln!("{line}"))?;
    let stack = StackOptions { is_told: true, ..StackOptions::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { stack, ..Ec2StackOptions::default() })?;
    let start = Instant::now();
    let mut manager = ec2.connected_manager(&ManagerOptions {
        kind: ManagerKind::Released,
        limit: 4,
        // Or the first worker would be given all tasks.
        queue_size: Some(4),
        ..ManagerOptions::default()
    })?;
    let connected = start.elapsed();
    let resources = ec2.cloud.emulator.resources()?;
    ec2.check(resources.count() == 2, "a temporary key pair and group", format!("{resources:?}"))?;
    ec2.stack.wish(4)?;
    let instances = ec2.until_settled(2, 4, 60.0)?;
    let settled = start.elapsed();
    let is_tagged = instances.iter().all(|one| one.tags.contains_key("orb:request-id"));
    ec2.check(is_tagged, "its tags", format!("{instances:?}"))?;
    // It forgets instances that have not been reported to it yet.
    ec2.until("both instances known to it", 20.0, || {
        (manager.log().lines_with(&["instance i-", "ready"]).len() == 2).then_some(())
    })?;
    let known = start.elapsed();
    ec2.work_in_two_units(0.2, 60.0)?;
    let worked = start.elapsed();
    manager.terminate();
    manager.wait(30.0).map_err(|failure| ec2.explain(failure))?;
    ec2.until_nothing_left(20.0)?;
    ec2.cloud.proxy.until_quiet(10.0)?;
    let calls = ec2.cloud.proxy.calls();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &calls {
        *counts.entry(&call.operation).or_default() += 1;
    }
    let left = ec2.cloud.emulator.resources()?;
    ec2.check(left.key_pairs.is_empty(), "its key pair gone", format!("{left:?}"))?;
    println!(
        "the released manager: connected after {connected:.1?}, 4 workers on 2 instances after {settled:.1?}, known to it after {known:.1?}, 60 tasks \
         done after {worked:.1?}, all gone after {:.1?}; calls: {counts:?}; left: {left:?}",
        start.elapsed(),
    );
    Ok(())
}
