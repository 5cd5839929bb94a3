//! A manager that follows a policy of its own, beside a scheduler that never asks for a worker.

use scaler_wm_tests::{LATEST, Manager, ManagerOptions, OLDEST, Relay, Result, Script, Stack, StackOptions};

/// The scheduler's own default: it starts nothing.
fn idle_scheduler(release: &'static str) -> Result<Stack> {
    let policy = "allocate=even_load; scaling=no".to_owned();
    Stack::start(StackOptions { release, policy, ..StackOptions::default() })
}

fn following(policy: &str) -> ManagerOptions {
    let extra = ["--policy-source", "local", "--policy-content", policy].map(str::to_owned).into();
    ManagerOptions { cooldown: Some(1.0), queue_size: Some(8), extra, ..ManagerOptions::default() }
}

fn says(stack: &Stack, manager: &Manager, words: &[&str]) -> Result<()> {
    stack.until(&format!("the manager say {words:?}"), 20.0, || {
        (!manager.log().lines_with(words).is_empty()).then_some(())
    })
}

/// From 0 to the limit and back to 0, as the scheduler's own policy would.
fn vanilla_scales_up_and_down(release: &'static str) -> Result<()> {
    let stack = idle_scheduler(release)?;
    let manager = stack.connected_manager(&following("allocate=even_load; scaling=vanilla"))?;
    let mut client = stack.client(&Script::Workload { tasks: 240, seconds: 0.2 })?;
    stack.until_connected(4, 30.0)?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 240, "240 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 20.0)?;
    stack.check(stack.scheduler().peak() == 4, "never more than 4 workers", stack.scheduler().peak())?;
    says(&stack, &manager, &["the policy wants something else", "so one more: 1"])?;
    let warned = manager.log().lines_with(&["never says what it wants"]);
    stack.check(warned.is_empty(), "no complaint that the scheduler asks for nothing", format!("{warned:?}"))
}

#[test]
fn vanilla_of_our_own_scales_an_idle_scheduler() -> Result<()> {
    vanilla_scales_up_and_down(LATEST)
}

#[test]
fn vanilla_of_our_own_scales_an_idle_scheduler_of_the_oldest_release() -> Result<()> {
    vanilla_scales_up_and_down(OLDEST)
}

/// All workers in one step, where the scheduler's own policies would take one at a time; and back to none.
fn target_wait_sizes_in_one_step(release: &'static str) -> Result<()> {
    let stack = idle_scheduler(release)?;
    // All tasks are there before anybody counts them: a client on a busy machine submits them bit by bit.
    let mut client = stack.client(&Script::Burst { tasks: 200, seconds: 0.1 })?;
    client.until_all_submitted()?;
    let manager = stack.connected_manager(&following("allocate=even_load; scaling=target_wait"))?;
    stack.until_connected(4, 30.0)?;
    let targets = || manager.log().lines_with(&["target changed"]);
    let first = targets().into_iter().find(|line| !line.contains("target=0")).unwrap_or_default();
    stack.check(first.contains("target=4"), "4 workers wanted in one step", &first)?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 200, "200 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 20.0)
}

#[test]
fn target_wait_wants_all_workers_in_one_step() -> Result<()> {
    target_wait_sizes_in_one_step(LATEST)
}

#[test]
fn target_wait_wants_all_workers_in_one_step_of_the_oldest_release() -> Result<()> {
    target_wait_sizes_in_one_step(OLDEST)
}

/// The scheduler asks for workers, and nobody follows.
#[test]
fn what_the_scheduler_wants_is_ignored_and_that_is_said_once() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let manager = stack.connected_manager(&following("allocate=even_load; scaling=no"))?;
    let _client = stack.client(&Script::Workload { tasks: 40, seconds: 0.2 })?;
    says(&stack, &manager, &["what the scheduler wants is ignored"])?;
    // Three heartbeats later nothing has been started, and nothing more was said.
    let heard = || stack.scheduler().events().len();
    stack.check(heard() == 0, "no worker", heard())?;
    let said = manager.log().lines_with(&["what the scheduler wants is ignored"]);
    stack.check(said.len() == 1, "that it is ignored, once", format!("{said:?}"))
}

#[test]
fn without_a_monitor_it_is_refused_with_the_reason() -> Result<()> {
    let stack = idle_scheduler(LATEST)?;
    let nobody = Relay::start(stack.ports().monitor)?;
    nobody.set_cut(true);
    let monitor_address = Some(format!("tcp://127.0.0.1:{}", nobody.port()));
    let options = ManagerOptions { monitor_address, ..following("allocate=even_load; scaling=vanilla") };
    let mut manager = stack.manager(&options)?;
    let status = manager.wait(20.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(2), "exit code 2", status)?;
    let said = manager.log().lines_with(&["policy_source local needs the scheduler's monitor", "--monitor-address"]);
    stack.check(said.len() == 1, "the reason, and the way out", manager.log().tail(5))?;
    stack.until_nothing_left(5.0)
}

/// The monitor goes away while tasks run: workers stay, nothing is scaled to zero, and when it is back, so is the policy.
fn the_monitor_is_cut(release: &'static str) -> Result<()> {
    let stack = idle_scheduler(release)?;
    let relay = Relay::start(stack.ports().monitor)?;
    let mut options = following("allocate=even_load; scaling=vanilla");
    options.monitor_address = Some(format!("tcp://127.0.0.1:{}", relay.port()));
    options.extra.extend(["--policy-hold-seconds", "2"].map(str::to_owned));
    let manager = stack.connected_manager(&options)?;
    let mut client = stack.client(&Script::Workload { tasks: 120, seconds: 0.2 })?;
    stack.until_connected(4, 30.0)?;

    relay.set_cut(true);
    says(&stack, &manager, &["WARN", "the scheduler's monitor is away: what was wanted last stands"])?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    says(&stack, &manager, &["WARN", "has been away for too long: units stay, none starts"])?;
    stack.check(stack.connected() == 4, "4 workers stay", stack.connected())?;

    relay.set_cut(false);
    says(&stack, &manager, &["the scheduler's monitor is back"])?;
    stack.until_connected(0, 20.0)
}

#[test]
fn a_monitor_that_is_cut_and_comes_back() -> Result<()> {
    the_monitor_is_cut(LATEST)
}

#[test]
fn a_monitor_of_the_oldest_release_that_is_cut_and_comes_back() -> Result<()> {
    the_monitor_is_cut(OLDEST)
}
