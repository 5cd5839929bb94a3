//! Managers that are killed or asked to end, and those that come after them.

use scaler_wm_tests::{BatchOptions, BatchStack, Commanded, HoldPoint, Manager, Result};

use crate::manager::{finish_right, options, start};

/// A stack with a manager that is told this.
fn with_manager(extra: &[&str]) -> Result<(BatchStack, Manager)> {
    start(BatchOptions::default(), extra)
}

/// As many jobs as tasks: nothing was run twice.
fn as_many_jobs(stack: &BatchStack, count: usize) -> Result<()> {
    let jobs = stack.cloud.emulator.runs()?;
    stack.check(jobs.len() == count, "a job each", format!("{jobs:?}"))
}

#[test]
fn after_a_kill_the_next_one_takes_up_what_runs() -> Result<()> {
    let (stack, mut manager) = with_manager(&[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2, 3])?;
    manager.kill();
    let _next = stack.manager(&options(&[]))?;
    finish_right(&stack, client, &[0, 1, 2, 3])?;
    as_many_jobs(&stack, 4)
}

#[test]
fn what_ends_while_no_manager_is_there_is_found_by_the_next_one() -> Result<()> {
    let (stack, mut manager) = with_manager(&[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(2)?;
    client.until_started(&[0, 1])?;
    manager.kill();
    client.client.release(0)?;
    stack.until("no job left", 30.0, || stack.cloud.units().ok()?.is_empty().then_some(()))?;
    let _next = stack.manager(&options(&[]))?;
    finish_right(&stack, client, &[0, 1])?;
    as_many_jobs(&stack, 2)
}

#[test]
fn a_kill_while_a_job_is_submitted_runs_nothing_twice() -> Result<()> {
    for point in [HoldPoint::Before, HoldPoint::After] {
        let (stack, mut manager) = with_manager(&[])?;
        let client = Commanded::new(&stack.stack)?;
        let hold = stack.cloud.proxy.hold("SubmitJob", point);
        client.submit(2)?;
        hold.wait(30.0)?;
        manager.kill();
        hold.drop_it();
        let _next = stack.manager(&options(&[]))?;
        client.until_started(&[0, 1])?;
        finish_right(&stack, client, &[0, 1])?;
        as_many_jobs(&stack, 2)?;
    }
    Ok(())
}

#[test]
fn one_that_is_asked_to_end_leaves_nothing() -> Result<()> {
    let (stack, mut manager) = with_manager(&[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2, 3])?;
    manager.terminate();
    let status = manager.wait(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.until_nothing_left(1.0)?;
    let jobs = stack.cloud.emulator.runs()?;
    stack.check(jobs.iter().all(|job| job.is_terminated), "terminated jobs", format!("{jobs:?}"))
}

#[test]
fn one_that_is_asked_to_end_leaves_nothing_of_what_waits_in_the_queue() -> Result<()> {
    let (stack, mut manager) = start(BatchOptions { at_once: Some(0), ..BatchOptions::default() }, &[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(3)?;
    stack.until("three jobs", 30.0, || (stack.cloud.units().ok()?.len() == 3).then_some(()))?;
    manager.terminate();
    let status = manager.wait(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.until_nothing_left(1.0)
}

#[test]
fn what_is_kept_runs_on_and_is_taken_up() -> Result<()> {
    let keep = ["--on-exit", "keep"];
    let (stack, mut manager) = with_manager(&keep)?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2])?;
    manager.terminate();
    let status = manager.wait(30.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.check(stack.cloud.running()?.len() == 3, "three jobs that run on", format!("{:?}", stack.cloud.units()?))?;
    let _next = stack.manager(&options(&keep))?;
    finish_right(&stack, client, &[0, 1, 2])?;
    as_many_jobs(&stack, 3)
}

#[test]
fn a_scheduler_that_restarts_finds_its_manager() -> Result<()> {
    let (mut stack, mut manager) = with_manager(&[])?;
    stack.stack.stop_scheduler()?;
    stack.stack.start_scheduler()?;
    stack.until("the manager at the scheduler", 60.0, || stack.scheduler().manager_connected().then_some(()))?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(2)?;
    client.until_started(&[0, 1])?;
    finish_right(&stack, client, &[0, 1])?;
    stack.check(manager.exited().is_none(), "the manager still there", "it has ended")
}
