//! Workers come with the work and go with it.

use scaler_wm_tests::{LATEST, ManagerOptions, OLDEST, Result, Script, Stack, StackOptions};

/// From 0 to the limit and back to 0, with right results.
fn scales_up_and_down(release: &'static str) -> Result<()> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let options = ManagerOptions { cooldown: Some(1.0), queue_size: Some(8), ..ManagerOptions::default() };
    let mut manager = stack.connected_manager(&options)?;
    stack.check(stack.connected() == 0, "no worker before there is work", stack.connected())?;

    let mut client = stack.client(&Script::Workload { tasks: 240, seconds: 0.2 })?;
    stack.until_connected(4, 30.0)?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 240, "240 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 20.0)?;
    stack.check(stack.scheduler().peak() == 4, "never more than 4 workers", stack.scheduler().peak())?;
    stack.until("all worker processes gone", 10.0, || stack.workers(&manager).is_empty().then_some(()))?;
    stack.check(manager.exited().is_none(), "the manager still there", "it has ended")
}

#[test]
fn scales_from_zero_to_the_limit_and_back() -> Result<()> {
    scales_up_and_down(LATEST)
}

#[test]
fn scales_from_zero_to_the_limit_and_back_with_the_oldest_release() -> Result<()> {
    scales_up_and_down(OLDEST)
}
