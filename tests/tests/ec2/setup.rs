//! Stacks and managers as most of these tests want them.

use std::collections::BTreeSet;

use scaler_wm_tests::{
    ApiCall, Ec2Options, Ec2Stack, Ec2StackOptions, Instance, Manager, ManagerKind, ManagerOptions, Result,
    StackOptions,
};

/// Types of one worker each.
pub(crate) const ONE_WORKER: [&str; 2] = ["--instance-type", "t2.micro"];

/// A manager of ours that looks often and lets go of units at once.
pub(crate) fn options(extra: &[&str]) -> ManagerOptions {
    let extra = ["--observe-interval-seconds", "2"].iter().chain(extra);
    ManagerOptions {
        kind: ManagerKind::Ours,
        limit: 200,
        queue_size: Some(4),
        cooldown: Some(0.0),
        extra: extra.map(|word| (*word).to_owned()).collect(),
        ..ManagerOptions::default()
    }
}

/// A scheduler that is told what to wish, over instances that are processes.
pub(crate) fn told() -> Ec2StackOptions {
    Ec2StackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: Ec2Options::default(),
    }
}

/// A stack that is told, over instances that are no processes, with a manager.
pub(crate) fn idle(extra: &[&str]) -> Result<(Ec2Stack, Manager)> {
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { emulator, ..told() })?;
    let manager = ec2.connected_manager(&options(extra))?;
    Ok((ec2, manager))
}

/// Waits until exactly so many instances are live.
pub(crate) fn until_there(ec2: &Ec2Stack, wanted: u32, seconds: f64) -> Result<Vec<Instance>> {
    ec2.until(&format!("{wanted} instances"), seconds, || {
        let units = ec2.cloud.units().ok()?;
        (units.len() == wanted as usize).then_some(units)
    })
}

/// The calls that launched: exactly so many, once the proxy has their answers on record, which is after instances are
/// there.
pub(crate) fn launches(ec2: &Ec2Stack, count: usize) -> Result<Vec<ApiCall>> {
    let calls = ec2.until(&format!("{count} calls that launch"), 10.0, || {
        let calls = ec2.cloud.proxy.calls_of("RunInstances");
        (calls.len() >= count).then_some(calls)
    })?;
    ec2.check(calls.len() == count, &format!("{count} calls that launch"), calls.len())?;
    Ok(calls)
}

/// The manager lets go of everything, and ends well: nothing that it made is left.
pub(crate) fn ends_clean(ec2: &Ec2Stack, manager: &mut Manager) -> Result<()> {
    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| ec2.explain(failure))?;
    ec2.check(status.code() == Some(0), "exit code 0", status)?;
    ec2.until_nothing_left(10.0)?;
    let left = ec2.cloud.emulator.resources()?;
    ec2.check(left.is_empty(), "nothing temporary left", format!("{left:?}"))
}

/// The names of units.
pub(crate) fn ids(units: &[Instance]) -> BTreeSet<String> {
    units.iter().map(|unit| unit.id.clone()).collect()
}
