//! A few tasks that go out as an array.

use scaler_wm_tests::{BatchOptions, BatchStack, Job, Result, Script};
use serde_json::json;

use super::start;
use crate::bench::cloud::Subject;

/// Tasks that are submitted at once.
pub(super) const TASKS: u32 = 20;
/// Jobs that a manager may have at once: the default of both.
pub(super) const AT_ONCE: u32 = 100;
/// Longer than any manager takes, in seconds.
const PATIENCE: f64 = 120.0;

/// Times in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Array {
    /// From the first submission of a task to the last result.
    pub(super) took: f64,
    /// From the submission of the jobs to the end of the last one.
    pub(super) jobs: f64,
}

impl Array {
    /// What the manager takes: before the jobs are submitted, and after the last one has ended.
    pub(super) fn rest(&self) -> f64 {
        self.took - self.jobs
    }
}

/// With jobs that take no time.
pub(super) fn measure_quick(subject: &Subject) -> Result<Array> {
    eprintln!("{:?}: {TASKS} quick tasks as an array", subject.kind);
    measure_with(subject, BatchOptions { executes: false, ..BatchOptions::default() })
}

/// With jobs that are processes, and are starting for so long, in seconds.
pub(super) fn measure(subject: &Subject, start_seconds: f64) -> Result<Array> {
    eprintln!("{:?}: {TASKS} tasks as an array, {start_seconds:.1} s of starting", subject.kind);
    measure_with(subject, BatchOptions { start_seconds, ..BatchOptions::default() })
}

fn measure_with(subject: &Subject, options: BatchOptions) -> Result<Array> {
    let executes = options.executes;
    let (batch, _manager) = start(subject, AT_ONCE, options)?;
    let mut client = batch.client(&Script::Workload { tasks: TASKS, seconds: 0.0 })?;
    let finished = client.finish(PATIENCE).map_err(|failure| batch.explain(failure))?;
    // A job that is none knows nothing of what its task was to give.
    batch.check(finished.right || !executes, "right results", format!("{finished:?}"))?;
    let (parents, children): (Vec<Job>, Vec<Job>) = batch.cloud.emulator.jobs()?.into_iter().partition(Job::is_parent);
    let is_array = parents.len() == 1 && children.len() == TASKS as usize;
    batch.check(is_array, "one array", format!("{} of {} jobs", parents.len(), children.len()))?;
    let array = Array { took: finished.seconds, jobs: own_time(&batch, &children)? };
    eprintln!("{array:.3?}, the rest {:.3}", array.rest());
    Ok(array)
}

/// From the submission of these jobs to the end of the last one, in seconds.
fn own_time(batch: &BatchStack, jobs: &[Job]) -> Result<f64> {
    let ids: Vec<&str> = jobs.iter().map(|job| &*job.id).collect();
    let told = batch.cloud.emulator.client().batch("DescribeJobs", &json!({"jobs": ids}))?.ok()?;
    let jobs = || told["jobs"].as_array().into_iter().flatten();
    let submitted = jobs().filter_map(|job| job["createdAt"].as_f64()).fold(f64::INFINITY, f64::min);
    let ends = jobs().filter_map(|job| job["attempts"][0]["stoppedAt"].as_f64());
    let ended = ends.fold(f64::NEG_INFINITY, f64::max);
    batch.check(submitted <= ended, "when jobs were submitted and have ended", &told)?;
    Ok((ended - submitted) / 1e3)
}
