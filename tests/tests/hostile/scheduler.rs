//! A scheduler and a monitor that mean no good to a manager of local workers.

use std::sync::Arc;

use scaler_wm_tests::{ManagerOptions, Result};

use crate::{
    deeds::{Deed, of_the_wire, some_of_the_wire},
    door::Door,
    messages::{of_a_monitor, to_a_manager},
    watched::{Watched, told},
};

const MB: u64 = 1 << 20;
/// The longest frames, in bytes, that a manager takes at either door.
const LARGEST_COMMAND: usize = 4 << 20;
const LARGEST_REPORT: usize = 64 << 20;

#[test]
fn a_scheduler_that_says_no_messages_costs_little_and_a_good_one_is_followed_afterwards() -> Result<()> {
    scheduler(&of_the_wire(LARGEST_COMMAND))
}

#[test]
fn a_scheduler_that_wants_nonsense_costs_little_and_a_good_one_is_followed_afterwards() -> Result<()> {
    scheduler(&to_a_manager())
}

fn scheduler(deeds: &[Arc<Deed>]) -> Result<()> {
    let stack = told()?;
    let door = Door::to(stack.ports().scheduler)?;
    let options =
        ManagerOptions { limit: 2, monitor_address: Some(stack.monitor_address()), ..ManagerOptions::default() };
    let mut watched = Watched::start(stack, &door.address(), options, 64 * MB)?;
    for deed in deeds {
        door.misbehave(deed)?;
        watched.check(deed.name)?;
        door.behave()?;
        watched.until_connected()?;
    }
    watched.works()
}

#[test]
fn a_monitor_that_means_no_good_costs_little_and_a_good_one_is_heard_afterwards() -> Result<()> {
    monitor(Vec::new(), 350 * MB)
}

/// Whose policy is told of every task.
#[test]
fn a_policy_of_ours_does_not_mind_such_a_monitor_either() -> Result<()> {
    let policy = ["--policy-source", "local", "--policy-content", "allocate=capability; scaling=capability"];
    monitor(policy.map(str::to_owned).into(), 700 * MB)
}

fn monitor(extra: Vec<String>, more: u64) -> Result<()> {
    let stack = told()?;
    let door = Door::to(stack.ports().monitor)?;
    let address = stack.address();
    let follows_itself = !extra.is_empty();
    let options =
        ManagerOptions { limit: 2, monitor_address: Some(door.address()), extra, ..ManagerOptions::default() };
    let mut watched = Watched::start(stack, &address, options, more)?;
    for deed in some_of_the_wire(LARGEST_REPORT).iter().chain(&of_a_monitor()) {
        door.misbehave(deed)?;
        watched.check(deed.name)?;
        door.behave()?;
    }
    if follows_itself {
        watched.answers()?;
        return watched.has_said_little();
    }
    watched.works()
}
