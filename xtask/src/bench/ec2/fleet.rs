//! A hundred instances that come, stay for a while and go.

use std::{collections::BTreeMap, thread, time::Duration};

use scaler_wm_tests::{ApiCall, Ec2Emulator, Ec2Stack, Killable, ManagerOptions, Memory, Result, memory_of, now};

use super::{
    known::{TALKATIVE, has_let_go, has_started},
    start,
};
use crate::bench::cloud::{Subject, wish};

/// Instances that are wanted.
pub(super) const WANTED: u32 = 100;
/// Longer than any manager takes, in seconds.
const PATIENCE: f64 = 120.0;
/// How long a manager is watched after what was wanted is done: more than one look.
const SETTLE: Duration = Duration::from_secs(12);

/// The figures of one fleet.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub(super) create: Cost,
    pub(super) terminate: Cost,
    /// With all instances.
    pub(super) memory: Memory,
}

/// What a wish cost in calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Cost {
    /// All calls but those that look how instances are, by name, until a while after it was done.
    pub(super) calls: BTreeMap<String, usize>,
    /// Calls that look, from the wish until the manager knew that it was done.
    pub(super) looks: usize,
}

impl Cost {
    pub(super) fn count(&self) -> usize {
        self.calls.values().sum()
    }
}

pub(super) fn measure(subject: &Subject) -> Result<Fleet> {
    eprintln!("{:?}: {WANTED} instances that come and go", subject.kind);
    let ec2 = start()?;
    // What is not wanted any more goes at once.
    let options = ManagerOptions { cooldown: Some(0.0), ..subject.options::<Ec2Emulator>(WANTED, &TALKATIVE) };
    let manager = ec2.connected_manager(&options)?;
    let all = WANTED as usize;
    let create = cost(&ec2, WANTED, || has_started(&ec2, &manager, all))?;
    ec2.check(ec2.units()?.len() == all, "the instances wanted", ec2.units()?.len())?;
    let memory = memory_of(manager.pid());
    let terminate = cost(&ec2, 0, || has_let_go(&manager, all))?;
    ec2.until_nothing_left(PATIENCE)?;
    let fleet = Fleet { create, terminate, memory };
    eprintln!("{fleet:?}");
    Ok(fleet)
}

/// Wishes for so many instances and counts what that takes.
fn cost(ec2: &Ec2Stack, count: u32, mut is_done: impl FnMut() -> bool) -> Result<Cost> {
    let wished = wish(ec2, count)?;
    let done = ec2.until("the wish fulfilled", PATIENCE, || is_done().then(now))?;
    thread::sleep(SETTLE);
    let is_look = |call: &ApiCall| call.operation == Ec2Emulator::LOOKS;
    let mut cost = Cost::default();
    for call in ec2.cloud.proxy.calls().into_iter().filter(|call| call.began >= wished) {
        if !is_look(&call) {
            *cost.calls.entry(call.operation).or_default() += 1;
        } else if call.began <= done {
            cost.looks += 1;
        }
    }
    Ok(cost)
}
