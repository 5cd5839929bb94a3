//! What AWS does on bad days, and what becomes of tasks then.

use scaler_wm_tests::{
    ApiError, BatchOptions, BatchStack, Commanded, Faults, HoldPoint, Job, Result, Script, Unit, now,
};

use crate::manager::{finish_right, start};

/// The jobs that run now.
fn running(stack: &BatchStack) -> Result<Vec<Job>> {
    stack.cloud.running()
}

/// A single task of which the job is ended so: what its client is told.
fn told_of_single(
    options: BatchOptions,
    extra: &[&str],
    end: impl FnOnce(&BatchStack) -> Result<()>,
) -> Result<String> {
    let (stack, _manager) = start(options, extra)?;
    let mut client = Commanded::new(&stack.stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.client.command("end")?;
    end(&stack)?;
    client.client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    let outcomes = client.client.outcomes();
    stack.check(outcomes.len() == 1, "one outcome", format!("{outcomes:?}"))?;
    // It is not run again.
    let jobs = stack.cloud.emulator.runs()?;
    stack.check(jobs.len() == 1 && jobs[0].attempts == 1, "one job", format!("{jobs:?}"))?;
    stack.until_nothing_left(20.0)?;
    Ok(outcomes[0].clone())
}

#[test]
fn a_job_that_takes_too_long_is_ended_and_tells_so() -> Result<()> {
    let options = BatchOptions { minute_seconds: 3.0, ..BatchOptions::default() };
    let told = told_of_single(options, &["--job-timeout-minutes", "1"], |_| Ok(()))?;
    assert!(told.contains("RuntimeError") && told.contains("Job attempt duration exceeded timeout"), "{told}");
    Ok(())
}

#[test]
fn a_job_that_is_killed_tells_how_and_what_it_printed_last() -> Result<()> {
    let told = told_of_single(BatchOptions::default(), &[], |stack| {
        running(stack)?.iter().for_each(|job| stack.cloud.emulator.kill_unit(job));
        Ok(())
    })?;
    // The runner's last line before it calls the task.
    assert!(told.contains("RuntimeError") && told.contains("137") && told.contains("Calling function now"), "{told}");
    Ok(())
}

#[test]
fn a_job_that_somebody_else_ends_tells_his_reason() -> Result<()> {
    let told = told_of_single(BatchOptions::default(), &[], |stack| {
        running(stack)?.iter().try_for_each(|job| stack.cloud.emulator.terminate(job, "budget of the team is spent"))
    })?;
    assert!(told.contains("budget of the team is spent"), "{told}");
    Ok(())
}

#[test]
fn a_task_whose_machine_goes_is_run_again() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2])?;
    let lost = running(&stack)?.swap_remove(0);
    stack.cloud.emulator.lose_host(&lost)?;
    let starts = client.client.starts().clone();
    stack.until("a fourth start", 60.0, || (starts.all().len() == 4).then_some(()))?;
    let outcomes = client.finish(60.0)?;
    let expected = [0, 1, 2].map(|task| format!("\"{task}\": {{\"result\":\"{task}\"}}"));
    stack.check(outcomes == expected, "right results", format!("{outcomes:?}"))?;
    stack.check(starts.repeated().len() == 1, "one second start", format!("{:?}", starts.repeated()))?;
    stack.check(stack.cloud.emulator.job(lost.id())?.attempts == 1, "another job", format!("{lost:?}"))?;
    stack.until_nothing_left(20.0)
}

#[test]
fn throttled_calls_lose_nothing() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    let throttle = ApiError::new("TooManyRequestsException", "Too Many Requests").status(429).on("SubmitJob").times(8);
    stack.cloud.proxy.set_faults(Faults { errors: vec![throttle], throttled: 0.2, ..Faults::default() });
    let mut client = stack.client(&Script::Workload { tasks: 10, seconds: 0.1 })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 10, "right results", format!("{finished:?}"))?;
    stack.check(
        stack.cloud.emulator.runs()?.len() == 10,
        "a job each",
        format!("{:?}", stack.cloud.emulator.runs()?),
    )?;
    stack.until_nothing_left(60.0)
}

/// S3 does not answer managers while these tasks are submitted, or while their results are there; then it does.
fn bucket_is_away(during_submission: bool, seconds: f64) -> Result<()> {
    let (stack, mut manager) = start(BatchOptions::default(), &[])?;
    let away = Faults { down: vec!["s3".to_owned()], ..Faults::default() };
    let client = Commanded::new(&stack.stack)?;
    if during_submission {
        stack.cloud.proxy.set_faults(away);
        client.submit(2)?;
    } else {
        client.submit(2)?;
        client.until_started(&[0, 1])?;
        stack.cloud.proxy.set_faults(away);
        client.client.release(0)?;
    }
    let since = now();
    stack.until("the time in which S3 is away", seconds + 10.0, || (now() > since + seconds).then_some(()))?;
    stack.check(manager.exited().is_none(), "the manager still there", "it has ended")?;
    stack.cloud.proxy.set_faults(Faults::default());
    if during_submission {
        client.until_started(&[0, 1])?;
    }
    finish_right(&stack, client, &[0, 1])?;
    stack.check(stack.cloud.emulator.runs()?.len() == 2, "a job each", format!("{:?}", stack.cloud.emulator.runs()?))
}

#[test]
fn inputs_wait_for_a_bucket_that_is_away_for_half_a_minute() -> Result<()> {
    bucket_is_away(true, 30.0)
}

#[test]
fn results_wait_for_a_bucket_that_is_away_for_half_a_minute() -> Result<()> {
    bucket_is_away(false, 30.0)
}

#[test]
fn batch_can_be_away_while_jobs_run() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(2)?;
    client.until_started(&[0, 1])?;
    stack.cloud.proxy.set_faults(Faults { is_down: true, ..Faults::default() });
    client.client.release(0)?;
    stack.until("no job left", 30.0, || stack.cloud.units().ok()?.is_empty().then_some(()))?;
    let looks = stack.cloud.proxy.calls_of("DescribeJobs").len();
    stack.until("looks in vain", 30.0, || {
        (stack.cloud.proxy.calls_of("DescribeJobs").len() > looks + 1).then_some(())
    })?;
    stack.cloud.proxy.set_faults(Faults::default());
    finish_right(&stack, client, &[0, 1])
}

#[test]
fn a_submission_whose_answer_is_lost_is_not_made_twice() -> Result<()> {
    for tasks in [1, 2] {
        let (stack, _manager) = start(BatchOptions::default(), &[])?;
        let client = Commanded::new(&stack.stack)?;
        let hold = stack.cloud.proxy.hold("SubmitJob", HoldPoint::After);
        client.submit(tasks)?;
        hold.wait(30.0)?;
        hold.drop_it();
        let all: Vec<u64> = (0..u64::from(tasks)).collect();
        client.until_started(&all)?;
        finish_right(&stack, client, &all)?;
        let jobs = stack.cloud.emulator.runs()?;
        stack.check(jobs.len() == all.len(), "a job each", format!("{jobs:?}"))?;
    }
    Ok(())
}
