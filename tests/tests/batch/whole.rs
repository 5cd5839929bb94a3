//! Released schedulers and clients, and managers whose tasks are jobs: the released job runner runs them.

use scaler_wm_tests::{
    BatchOptions, BatchStack, Commanded, ManagerOptions, Result, Runner, Script, Stack, StackOptions,
};

use crate::manager::start;

/// 1 byte, 5 KiB, 100 KiB and 20 MiB.
const SIZES: [u32; 4] = [1, 5 << 10, 100 << 10, 20 << 20];

#[test]
fn tasks_of_every_kind_come_out_as_on_native_workers() -> Result<()> {
    let native = {
        let stack = Stack::start(StackOptions::default())?;
        let _manager = stack.connected_manager(&ManagerOptions { limit: 1, ..ManagerOptions::default() })?;
        stack.outcomes(1, 120.0)?.0
    };
    for runner in [Runner::Released, Runner::Ours] {
        let one_by_one = ["--max-concurrent-jobs", "1", "-mtc", "1", "--job-definition", runner.definition()];
        let (stack, manager) = start(BatchOptions::default(), &one_by_one)?;
        let (ours, marks) = stack.stack.outcomes(1, 240.0)?;
        stack.check(ours.len() >= 20, "all cases", format!("{ours:#?}"))?;
        stack.stack.check_same(&ours, &native)?;
        // What leaves a mark where it is unpickled has left one, and not in the manager.
        stack.check(!marks.is_empty() && !marks.contains(&manager.pid()), "marks of jobs", format!("{marks:?}"))?;
        stack.until_nothing_left(30.0)?;
    }
    Ok(())
}

#[test]
fn arguments_of_all_sizes_travel_to_single_jobs() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    sizes(&stack, false)?;
    let submissions = stack.cloud.proxy.calls_of("SubmitJob");
    stack.check(submissions.len() == SIZES.len(), "a job each", submissions.len())?;
    // What fits travels inside the job.
    let puts = stack.cloud.proxy.calls_of("PutObject");
    stack.check(puts.len() == 2, "two objects for the two long ones", format!("{puts:?}"))
}

#[test]
fn arguments_of_all_sizes_travel_to_an_array() -> Result<()> {
    for runner in [Runner::Released, Runner::Ours] {
        // The longest one takes its time on its way here.
        let window = ["--array-window-seconds", "4", "--job-definition", runner.definition()];
        let (stack, _manager) = start(BatchOptions::default(), &window)?;
        sizes(&stack, true)?;
        let submissions = stack.cloud.proxy.calls_of("SubmitJob");
        let sizes: Vec<u64> =
            submissions.iter().map(|call| call.body["arrayProperties"]["size"].as_u64().unwrap_or(1)).collect();
        stack.check(sizes == [4], "one array", format!("{sizes:?}"))?;
        let puts = stack.cloud.proxy.calls_of("PutObject");
        stack.check(puts.len() == 4, "an object each", format!("{puts:?}"))?;
    }
    Ok(())
}

#[test]
fn the_children_of_an_array_end_each_in_its_own_way() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &["--array-window-seconds", "2"])?;
    let mut client = stack.client(&Script::AtOnce)?;
    client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    let outcomes = client.outcomes();
    let expected = [
        ("number", "{\"result\":\"1\"}"),
        ("deep", "{\"result\":\"{'a': [1, (2, 3)]}\"}"),
        ("value error", "\"error\":\"ValueError\""),
        ("os error", "\"error\":\"FileNotFoundError\""),
        // Its class cannot be imported where it runs: what Scaler makes of that.
        ("own error", "\"text\":\"OfItsOwn: (3, 'three')\""),
    ];
    for prefix in ["", "reversed "] {
        for (name, outcome) in expected {
            let is_there =
                |line: &&String| line.starts_with(&format!("\"{prefix}{name}\": ")) && line.contains(outcome);
            stack.check(outcomes.iter().find(is_there).is_some(), outcome, format!("{outcomes:#?}"))?;
        }
    }
    let jobs = stack.cloud.emulator.jobs()?;
    let arrays: Vec<u64> = jobs.iter().filter(|job| job.is_parent()).map(|job| job.size).collect();
    stack.check(arrays == [5, 5], "two arrays of five", format!("{arrays:?}"))?;
    stack.until_nothing_left(30.0)
}

fn sizes(stack: &BatchStack, at_once: bool) -> Result<()> {
    let mut client = stack.client(&Script::Sizes { at_once, sizes: SIZES.to_vec() })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 4, "right results", format!("{finished:?}"))?;
    stack.until_nothing_left(30.0)
}

#[test]
fn jobs_are_submitted_and_watched_together() -> Result<()> {
    let (stack, _manager) = start(BatchOptions::default(), &[])?;
    let mut client = stack.client(&Script::Workload { tasks: 20, seconds: 0.0 })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 20, "right results", format!("{finished:?}"))?;
    stack.until_nothing_left(30.0)?;
    let proxy = &stack.cloud.proxy;
    let counts = ["SubmitJob", "PutObject", "GetObject", "DeleteObjects", "DeleteObject", "DescribeJobs"]
        .map(|operation| (operation, proxy.calls_of(operation).len()));
    println!("20 tasks in {:.1} s: {counts:?}", finished.seconds);
    // The first one may come by itself, before the others.
    stack.check(counts[0].1 <= 3 && counts[1].1 <= 20, "few submissions", format!("{counts:?}"))?;
    let jobs = stack.cloud.emulator.runs()?;
    stack.check(jobs.len() == 20, "20 jobs", jobs.len())
}

#[test]
fn a_job_whose_image_is_missing_tells_so() -> Result<()> {
    let missing = ["--job-definition", Runner::Missing.definition(), "--job-retries", "1"];
    let (stack, _manager) = start(BatchOptions::default(), &missing)?;
    let client = Commanded::new(&stack.stack)?;
    client.submit(1)?;
    let outcomes = client.finish(60.0)?;
    let is_told = outcomes.len() == 1 && outcomes[0].contains("CannotPullContainerError");
    stack.check(is_told, "the reason at the client", format!("{outcomes:?}"))?;
    let jobs = stack.cloud.emulator.runs()?;
    stack.check(jobs.len() == 2, "one more try", format!("{jobs:?}"))?;
    stack.until_nothing_left(30.0)
}

#[test]
fn thousands_of_jobs_are_no_burden() -> Result<()> {
    let idle = BatchOptions { executes: false, ..BatchOptions::default() };
    let (stack, _manager) = start(idle, &["--max-concurrent-jobs", "1000", "-mtc", "1000"])?;
    let mut client = stack.client(&Script::Flood { tasks: 1000, first: 1 })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    println!("1,000 tasks in {:.1} s", finished.seconds);
    stack.check(finished.done == 1000, "all done", format!("{finished:?}"))?;
    stack.until_nothing_left(60.0)
}
