//! What a manager weighs with many jobs out there.

use std::{thread, time::Duration};

use scaler_wm_tests::{BatchOptions, BatchStack, Memory, Result, Script, memory_of};

use super::start;
use crate::bench::cloud::Subject;

/// Jobs that are out there.
pub(super) const JOBS: u32 = 1000;
/// Longer than any manager takes to submit them, in seconds.
const PATIENCE: f64 = 300.0;
/// From the last job until memory is read: more than one look.
const SETTLE: Duration = Duration::from_secs(12);

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// What is resident of the process that has the jobs: the manager itself, or its worker.
    pub(super) resident: u64,
    /// The most that was until then.
    pub(super) peak: u64,
    /// What was before there were any.
    pub(super) idle: u64,
    /// All processes of the manager together, pages that they share counted once.
    pub(super) proportional: u64,
}

pub(super) fn measure(subject: &Subject) -> Result<Held> {
    eprintln!("{:?}: {JOBS} jobs that run on", subject.kind);
    let options = BatchOptions { executes: false, succeeds: false, ..BatchOptions::default() };
    let (batch, _manager) = start(subject, JOBS, options)?;
    let idle = largest(&batch).resident;
    let _client = batch.client(&Script::Workload { tasks: JOBS, seconds: 0.0 })?;
    let look = || (batch.cloud.running().ok()?.len() == JOBS as usize).then_some(());
    batch.until("all jobs run", PATIENCE, look)?;
    thread::sleep(SETTLE);
    let Memory { resident, peak, .. } = largest(&batch);
    let held = Held { resident, peak, idle, proportional: memory(&batch).map(|memory| memory.proportional).sum() };
    eprintln!("{held:?}");
    Ok(held)
}

/// That of the process that has most.
fn largest(batch: &BatchStack) -> Memory {
    memory(batch).max_by_key(|memory| memory.resident).unwrap_or_default()
}

/// That of every process of the manager.
fn memory(batch: &BatchStack) -> impl Iterator<Item = Memory> {
    batch.stack.manager_processes().into_iter().map(|process| memory_of(process.pid))
}
