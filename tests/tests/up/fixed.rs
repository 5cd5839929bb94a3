//! `scaler-wm baremetal_native --mode fixed`: so many workers at once, none later.

use scaler_wm_tests::{
    LATEST, Manager, ManagerKind, ManagerOptions, OLDEST, Proc, Result, Script, Stack, StackOptions,
};

fn fixed(workers: u32, extra: &[&str]) -> ManagerOptions {
    let extra = ["--mode", "fixed"].iter().chain(extra).map(|word| (*word).to_owned()).collect();
    ManagerOptions { kind: ManagerKind::Ours, limit: workers, extra, ..ManagerOptions::default() }
}

fn start(release: &'static str, options: &ManagerOptions) -> Result<(Stack, Manager)> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let manager = stack.manager(options)?;
    stack.until_connected(options.limit as usize, 30.0)?;
    Ok((stack, manager))
}

/// Ids of all connected workers begin so.
fn named(stack: &Stack, prefix: &str) -> Result<()> {
    let connected = stack.scheduler().connected();
    stack.check(
        connected.iter().all(|id| id.starts_with(prefix)),
        &format!("names with {prefix}"),
        format!("{connected:?}"),
    )
}

fn exit_code_0(stack: &Stack, manager: &mut Manager, seconds: f64) -> Result<()> {
    let status = manager.wait(seconds).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.until_nothing_left(2.0)
}

/// Two workers, which are not replaced; it ends with the last one.
fn ends_with_its_last_worker(release: &'static str) -> Result<()> {
    let (stack, mut manager) = start(release, &fixed(2, &[]))?;
    named(&stack, "FIX|")?;
    let mut client = stack.client(&Script::Workload { tasks: 40, seconds: 0.02 })?;
    let finished = client.finish(30.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;

    let workers = stack.workers(&manager);
    stack.check(workers.len() == 2, "two workers", format!("{workers:?}"))?;
    workers[0].kill();
    stack.until("its end in the log", 10.0, || {
        (manager.log().lines_with(&["unit=FIX|"]).iter().any(|line| line.contains("signal"))).then_some(())
    })?;
    stack.until("one worker at the scheduler", 30.0, || (stack.workers(&manager).len() == 1).then_some(()))?;
    stack.check(manager.exited().is_none(), "the manager still there", "it has ended")?;
    // It leaves by itself, as after its death time-out.
    workers.get(1).into_iter().for_each(Proc::terminate);
    exit_code_0(&stack, &mut manager, 15.0)?;
    let ever = stack.scheduler().ever_connected();
    stack.check(ever == 2, "no third worker", ever)?;
    let at_scheduler = stack.scheduler().file().lines_with(&["WorkerManager b'"]);
    stack.check(at_scheduler.is_empty(), "no manager at the scheduler", format!("{at_scheduler:?}"))
}

#[test]
fn workers_are_not_replaced_and_it_ends_with_the_last() -> Result<()> {
    ends_with_its_last_worker(LATEST)
}

#[test]
fn workers_are_not_replaced_and_it_ends_with_the_last_with_the_oldest_release() -> Result<()> {
    ends_with_its_last_worker(OLDEST)
}

/// SIGTERM: exit code 0, nothing left, however long the task takes.
fn stops_in_time(release: &'static str) -> Result<()> {
    let (stack, mut manager) = start(release, &fixed(2, &["--worker-type", "ECS", "--stop-timeout-seconds", "2"]))?;
    named(&stack, "ECS|")?;
    let client = stack.client(&Script::Held { tasks: 2 })?;
    stack.until("a running task", 20.0, || (client.starts().distinct() > 0).then_some(()))?;
    manager.terminate();
    exit_code_0(&stack, &mut manager, 6.0)
}

#[test]
fn stops_on_sigterm_in_time() -> Result<()> {
    stops_in_time(LATEST)
}

#[test]
fn stops_on_sigterm_in_time_with_the_oldest_release() -> Result<()> {
    stops_in_time(OLDEST)
}

fn ends_at_once_without_workers(release: &'static str) -> Result<()> {
    let (stack, mut manager) = start(release, &fixed(0, &[]))?;
    exit_code_0(&stack, &mut manager, 10.0)?;
    let ever = stack.scheduler().ever_connected();
    stack.check(ever == 0, "no worker at all", ever)
}

#[test]
fn ends_at_once_without_workers_to_start() -> Result<()> {
    ends_at_once_without_workers(LATEST)
}

#[test]
fn ends_at_once_without_workers_to_start_with_the_oldest_release() -> Result<()> {
    ends_at_once_without_workers(OLDEST)
}
