//! The plug-in as a backend of a real stack.

use scaler_wm_tests::{Backend, ManagerOptions, Plugin, Result, Script, Stack, StackOptions};

fn options(plugin: &Plugin) -> ManagerOptions {
    ManagerOptions {
        backend: plugin.backend(),
        limit: 3,
        cooldown: Some(1.0),
        queue_size: Some(8),
        ..ManagerOptions::default()
    }
}

fn work(stack: &Stack, tasks: u32) -> Result<scaler_wm_tests::Client> {
    stack.client(&Script::Workload { tasks, seconds: 0.2 })
}

#[test]
fn workers_of_a_plug_in_come_with_the_work_and_go_with_it() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let plugin = Plugin::start(&stack)?;
    let mut manager = stack.connected_manager(&options(&plugin))?;
    stack.check(stack.connected() == 0, "no worker before there is work", stack.connected())?;

    let mut client = work(&stack, 120)?;
    stack.until_connected(3, 30.0)?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 120, "120 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 30.0)?;
    stack.until("all worker processes gone", 10.0, || Plugin::workers(&stack).is_empty().then_some(()))?;
    stack.check(stack.scheduler().peak() == 3, "never more than 3 workers", stack.scheduler().peak())?;
    let text = manager.log().text();
    stack.check(text.contains("local-processes 1.0"), "the plug-in in the log", &text)?;
    manager.terminate();
    let status = manager.wait(20.0)?;
    stack.check(status.success(), "a clean end", status)
}

#[test]
fn work_goes_on_while_the_plug_in_is_killed_and_started_again() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let mut plugin = Plugin::start(&stack)?;
    let _manager = stack.connected_manager(&options(&plugin))?;
    let mut client = work(&stack, 150)?;
    stack.until_connected(3, 30.0)?;
    plugin.kill();
    // Of what dies meanwhile nobody hears but the scheduler.
    let workers = Plugin::workers(&stack);
    stack.check(workers.len() == 3, "the workers to stay", workers.len())?;
    plugin.start_again(&stack)?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 150, "150 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 30.0)?;
    stack.until("all worker processes gone", 10.0, || Plugin::workers(&stack).is_empty().then_some(()))?;
    stack.check(stack.scheduler().ever_connected() == 3, "no worker more", stack.scheduler().ever_connected())
}

#[test]
fn a_worker_that_dies_is_reported_and_replaced() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let plugin = Plugin::start(&stack)?;
    let _manager = stack.connected_manager(&options(&plugin))?;
    let mut client = work(&stack, 150)?;
    stack.until_connected(3, 30.0)?;
    let dead = Plugin::workers(&stack)[0].pid;
    let dead = rustix::process::Pid::from_raw(dead).expect("a process");
    rustix::process::kill_process(dead, rustix::process::Signal::KILL).expect("a worker of ours");
    stack.until("a worker in its place", 30.0, || (stack.scheduler().ever_connected() == 4).then_some(()))?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 150, "150 right results", format!("{finished:?}"))
}

#[test]
fn the_next_manager_takes_over_what_a_killed_one_has_left() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let plugin = Plugin::start(&stack)?;
    let mut first = stack.connected_manager(&options(&plugin))?;
    let mut client = work(&stack, 150)?;
    stack.until_connected(3, 30.0)?;
    first.kill();
    let _second = stack.manager(&options(&plugin))?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 150, "150 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 30.0)?;
    stack.until("all worker processes gone", 10.0, || Plugin::workers(&stack).is_empty().then_some(()))?;
    stack.check(stack.scheduler().ever_connected() == 3, "no worker more", stack.scheduler().ever_connected())
}

#[test]
fn a_plug_in_that_is_not_there_is_told_with_the_way_out() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let address = format!("unix://{}", stack.folder().join("nobody.sock").display());
    let backend = Backend::External { address: address.clone() };
    let mut manager = stack.manager(&ManagerOptions { backend, ..ManagerOptions::default() })?;
    let status = manager.wait(30.0)?;
    let text = manager.log().text();
    let is_told = text.contains(&address) && text.contains("provider_address (--provider-address)");
    stack.check(status.code() == Some(1) && is_told, "the address and the key", format!("{status}: {text}"))
}
