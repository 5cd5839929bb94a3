//! Batch, beside the released manager, patched so that it starts: the time of an array, the calls for many tasks, and
//! the memory with many jobs. Some jobs are processes, and some are none: those take no time.

mod array;
mod calls;
mod memory;
mod rows;

use std::{fs, path::Path};

use array::Array;
use calls::Calls;
use memory::Held;
use scaler_wm_tests::{BatchOptions, BatchStack, Failure, Manager, Result};

use super::{cloud, cloud::Subject, sheet::Sheet};

/// How long jobs are starting in the runs in which the time of an array is taken, in seconds: so jobs end at all times
/// between two looks of the released manager, which are 3 s apart.
const STARTING: [f64; 5] = [0.0, 0.6, 1.2, 1.8, 2.4];

/// What was measured of one manager.
#[derive(Debug, Default)]
struct Runs {
    /// Of jobs that are processes.
    arrays: Vec<Array>,
    /// Of jobs that are none.
    quick_arrays: Vec<Array>,
    calls: Calls,
    /// Of jobs that are none, behind some latency.
    late_calls: Calls,
    held: Held,
}

/// Measures all of it.
pub(crate) fn measure(binary: &Path) -> Result<Sheet> {
    let size = fs::metadata(binary).map_err(|error| Failure::new("look at the binary", error))?.len();
    // By turns, so that neither has the machine to itself when it is quieter.
    let mut both = [Subject::ours(binary), Subject::released()].map(|subject| (subject, Runs::default()));
    for starting in STARTING {
        for (subject, runs) in &mut both {
            runs.quick_arrays.push(array::measure_quick(subject)?);
            runs.arrays.push(array::measure(subject, starting)?);
        }
    }
    for (subject, runs) in &mut both {
        runs.calls = calls::measure(subject)?;
        runs.late_calls = calls::measure_late(subject)?;
        runs.held = memory::measure(subject)?;
    }
    let [(_, ours), (_, released)] = both;
    Ok(rows::sheet(&ours, &released, size))
}

/// A stack with a manager that has one worker, which may have so many jobs at once.
fn start(subject: &Subject, jobs: u32, options: BatchOptions) -> Result<(BatchStack, Manager)> {
    let batch: BatchStack = cloud::start(options)?;
    let manager = batch.connected_manager(&subject.with(jobs, ["-mcj", &jobs.to_string()]))?;
    batch.stack.wish(jobs)?;
    batch.until_connected(1, 30.0)?;
    Ok((batch, manager))
}
