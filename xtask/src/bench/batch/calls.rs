//! What a hundred tasks cost in calls.

use std::collections::BTreeMap;

use scaler_wm_tests::{ApiCall, BatchOptions, BatchStack, Emulation, Faults, Result, Script, now};

use super::{array::AT_ONCE, start};
use crate::bench::cloud::Subject;

/// Tasks that are submitted at once.
pub(super) const TASKS: u32 = 100;
/// How much longer every call takes, in seconds.
const LATENCY: f64 = 0.25;
/// Longer than any manager takes, in seconds.
const PATIENCE: f64 = 300.0;
/// A manager that has not called for so long, in seconds, calls no more: longer than between two looks.
const SILENT: f64 = 5.0;

/// The calls for all tasks, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    by_name: BTreeMap<String, Count>,
    /// From the first submission of a task to the last result, in seconds.
    pub(super) took: f64,
}

/// The calls of one name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) calls: usize,
    /// The most that were under way at once.
    pub(super) at_once: usize,
    /// The most objects that one of them was to delete.
    pub(super) keys: u64,
}

impl Calls {
    pub(super) fn of(&self, name: &str) -> Count {
        self.by_name.get(name).copied().unwrap_or_default()
    }

    /// The calls of all other names than these.
    pub(super) fn others(&self, names: &[&str]) -> usize {
        self.by_name.iter().filter(|(name, _)| !names.contains(&&***name)).map(|(_, count)| count.calls).sum()
    }
}

/// With jobs that are processes.
pub(super) fn measure(subject: &Subject) -> Result<Calls> {
    eprintln!("{:?}: calls for {TASKS} tasks", subject.kind);
    calls(subject, 0.0, BatchOptions::default())
}

/// With jobs that end as soon as they are submitted, behind some latency.
pub(super) fn measure_late(subject: &Subject) -> Result<Calls> {
    eprintln!("{:?}: calls for {TASKS} quick tasks, at {LATENCY} s a call", subject.kind);
    calls(subject, LATENCY, BatchOptions { executes: false, ..BatchOptions::default() })
}

fn calls(subject: &Subject, latency: f64, options: BatchOptions) -> Result<Calls> {
    let executes = options.executes;
    let (batch, _manager) = start(subject, AT_ONCE, options)?;
    batch.cloud.proxy.set_faults(Faults { latency, ..Faults::default() });
    let before = batch.cloud.proxy.calls().len();
    let mut client = batch.client(&Script::Workload { tasks: TASKS, seconds: 0.0 })?;
    let finished = client.finish(PATIENCE).map_err(|failure| batch.explain(failure))?;
    batch.check(finished.right || !executes, "right results", format!("{finished:?}"))?;
    until_silent(&batch)?;
    batch.check(
        batch.cloud.emulator.nothing_left()?,
        "no object left",
        format!("{:?}", batch.cloud.emulator.objects()),
    )?;
    let mut calls = Calls { took: finished.seconds, ..Calls::default() };
    for ApiCall { operation, in_flight, body, .. } in batch.cloud.proxy.calls().split_off(before) {
        let count = calls.by_name.entry(operation).or_default();
        count.calls += 1;
        count.at_once = count.at_once.max(in_flight + 1);
        count.keys = count.keys.max(body["keys"].as_u64().unwrap_or_default());
    }
    eprintln!("{calls:?}");
    Ok(calls)
}

fn until_silent(batch: &BatchStack) -> Result<()> {
    let mut last = (0, now());
    batch.until("no more calls", PATIENCE, || {
        let count = batch.cloud.proxy.calls().len();
        if count != last.0 {
            last = (count, now());
        }
        (now() - last.1 > SILENT).then_some(())
    })
}
