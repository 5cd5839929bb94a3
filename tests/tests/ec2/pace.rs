//! A manager that knows its account's limit keeps to it.

use scaler_wm_tests::{Faults, Limit, Result, now};

use crate::setup::{ONE_WORKER, ends_clean, idle, until_there};

/// More than the account starts at once.
const WANTED: u32 = 60;

#[test]
fn a_launch_beyond_the_account_s_limit_is_never_throttled() -> Result<()> {
    let paces = ["--ec2-instances-burst", "20", "--ec2-instances-per-second", "8"];
    let (ec2, mut manager) = idle(&[&ONE_WORKER[..], &paces].concat())?;
    // More than the manager is told, less than it wants: on a busy machine a first call arrives late, and the next ones
    // close behind it.
    let limits = vec![Limit::instances(12.0, 40.0), Limit::calls("RunInstances", 5.0, 6.0)];
    ec2.cloud.proxy.set_faults(Faults { limits, ..Faults::default() });
    let began = now();
    ec2.stack.wish(WANTED)?;
    until_there(&ec2, WANTED, 30.0)?;
    let took = now() - began;
    ec2.check(took > 3.0, "40 instances at their pace", format!("{took:.1} s for all"))?;
    // The last instances are there before the proxy has their answer on record.
    ec2.until("the launches on record", 10.0, || (ec2.cloud.proxy.calls_of("RunInstances").len() >= 3).then_some(()))?;
    let calls = ec2.cloud.proxy.calls();
    let refused: Vec<_> = calls.iter().filter(|call| call.status >= 400).collect();
    ec2.check(refused.is_empty(), "no call that is throttled", format!("{refused:?}"))?;
    let launches = ec2.cloud.proxy.calls_of("RunInstances").len();
    ec2.check(launches <= 6, "as few calls as can be", launches)?;
    ends_clean(&ec2, &mut manager)
}
