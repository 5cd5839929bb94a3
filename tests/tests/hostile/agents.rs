//! A scheduler and an object storage that mean no good to workers of ours.

use scaler_wm_tests::{ManagerOptions, Result, Script, Symphony};

use crate::{
    deeds::some_of_the_wire,
    door::Door,
    messages::{of_a_storage, to_a_worker},
    watched::{Watched, told},
};

const MB: u64 = 1 << 20;
/// The longest frame, in bytes, that a worker takes from its scheduler.
const LARGEST_MESSAGE: usize = 64 << 20;

#[test]
fn a_scheduler_and_a_storage_that_mean_no_good_cost_little_and_tasks_run_afterwards() -> Result<()> {
    let stack = told()?;
    let symphony = Symphony::new(&stack)?;
    let scheduler = Door::to(stack.ports().scheduler)?;
    let storage = Door::to(stack.ports().storage)?;
    let mut options = ManagerOptions { backend: symphony.backend(), limit: 100, ..ManagerOptions::default() };
    options.monitor_address = Some(stack.monitor_address());
    options.extra = vec!["--object-storage-address".to_owned(), storage.address()];
    let mut watched = Watched::start(stack, &scheduler.address(), options, 500 * MB)?;
    watched.stack.wish(1)?;
    watched.stack.until_connected(1, 30.0)?;

    // An object may be half a gigabyte: what is said of the largest frames holds for messages.
    for deed in some_of_the_wire(LARGEST_MESSAGE).iter().chain(&of_a_storage()) {
        storage.misbehave(deed)?;
        watched.check(deed.name)?;
    }
    storage.behave()?;
    for deed in &to_a_worker() {
        scheduler.misbehave(deed)?;
        watched.check(deed.name)?;
        scheduler.behave()?;
    }

    let mut client = watched.stack.client(&Script::Workload { tasks: 20, seconds: 0.01 })?;
    let finished = client.finish(60.0).map_err(|failure| watched.stack.explain(failure))?;
    watched.stack.check(finished.right && finished.done == 20, "20 right results", format!("{finished:?}"))?;
    watched.answers()?;
    watched.has_said_little()
}
