//! A cancel finds a task wherever it is.

use scaler_wm_tests::{BatchOptions, BatchStack, Commanded, HoldPoint, Job, Result, now};

use crate::manager::{finish_right, start};

/// The jobs that are run, once there are so many, each in this state.
fn until_jobs(stack: &BatchStack, count: usize, status: &str) -> Result<Vec<Job>> {
    let what = format!("{count} jobs {status}");
    stack.until(&what, 30.0, || {
        let jobs = stack.cloud.emulator.runs().ok()?;
        (jobs.len() == count && jobs.iter().all(|job| job.status == status)).then_some(jobs)
    })
}

/// Waits until a job of all that are run has failed, and gives it.
fn until_one_failed(stack: &BatchStack) -> Result<Job> {
    stack.until("a failed job", 30.0, || {
        let jobs = stack.cloud.emulator.runs().ok()?;
        jobs.into_iter().find(|job| job.status == "FAILED")
    })
}

/// Cancels one of two tasks, so long after both were submitted, or in the same breath: the other one is not touched by that.
fn before_there_is_a_job(seconds: Option<f64>) -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &["--array-window-seconds", "3"])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.submit(2)?;
    if let Some(seconds) = seconds {
        client.until_submitted(3)?;
        let since = now();
        stack.until("the time before the cancel", 10.0, || (now() >= since + seconds).then_some(()))?;
    }
    client.cancel(1)?;
    client.until_started(&[0, 2])?;
    finish_right(&stack, client, &[0, 2])?;
    // Nobody has seen the one that was canceled.
    let jobs = stack.cloud.emulator.runs()?;
    stack.check(jobs.len() == 2, "two jobs", format!("{jobs:?}"))
}

#[test]
fn at_once() -> Result<()> {
    before_there_is_a_job(None)
}

#[test]
fn in_the_window() -> Result<()> {
    // It is open for 3 s.
    before_there_is_a_job(Some(0.5))
}

#[test]
fn in_the_queue() -> Result<()> {
    let (stack, _manager) = start(BatchOptions { at_once: Some(0), ..BatchOptions::default() }, &[])?;
    let client = Commanded::new(&stack.stack)?;
    // A single job.
    client.submit(1)?;
    until_jobs(&stack, 1, "RUNNABLE")?;
    client.cancel(0)?;
    let job = until_one_failed(&stack)?;
    stack.check(job.attempts == 0, "a job that never started", format!("{job:?}"))?;
    stack.until_nothing_left(20.0)?;
    // A child of an array.
    client.submit(3)?;
    stack.until("three more jobs", 30.0, || (stack.cloud.units().ok()?.len() == 3).then_some(()))?;
    client.cancel(2)?;
    stack.until("two jobs left", 20.0, || (stack.cloud.units().ok()?.len() == 2).then_some(()))?;
    stack.cloud.emulator.set_at_once(None)?;
    client.until_started(&[1, 3])?;
    finish_right(&stack, client, &[1, 3])
}

#[test]
fn where_it_runs() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.cancel(0)?;
    let job = until_one_failed(&stack)?;
    stack.check(job.is_terminated, "a job that was terminated", format!("{job:?}"))?;
    stack.until_nothing_left(20.0)?;
    // Others of its array run on.
    client.submit(3)?;
    client.until_started(&[0, 1, 2, 3])?;
    client.cancel(2)?;
    stack.until("two jobs left", 20.0, || (stack.cloud.units().ok()?.len() == 2).then_some(()))?;
    finish_right(&stack, client, &[1, 3])
}

#[test]
fn on_its_way_to_batch() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    let client = Commanded::new(&stack.stack)?;
    let hold = stack.cloud.proxy.hold("SubmitJob", HoldPoint::After);
    client.submit(2)?;
    hold.wait(30.0)?;
    client.client.command("cancel 0")?;
    hold.release();
    client.cancel(0)?;
    stack.until("one job left", 20.0, || (stack.cloud.units().ok()?.len() == 1).then_some(()))?;
    let outcomes = client.finish(60.0)?;
    stack.check(outcomes == ["\"1\": {\"result\":\"1\"}"], "the other result", format!("{outcomes:?}"))?;
    stack.until_nothing_left(20.0)
}
