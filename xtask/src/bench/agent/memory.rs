//! What a long queue weighs.

use std::{fs::File, thread, time::Duration};

use scaler_wm_tests::{Failure, Memory, Result, memory_of};

use super::{
    Programs,
    stand_in::StandIn,
    start,
    worker::{CONCURRENCY, Worker},
};

/// Tasks that wait in the worker, beside those that run.
pub(super) const QUEUED: u32 = 10_000;
/// The bytes of an argument.
const BYTES: u32 = 1024;
/// From the heartbeat that tells of the queue until memory is read.
const SETTLE: Duration = Duration::from_secs(3);

/// The memory of a worker, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) resident: u64,
    pub(super) proportional: u64,
    /// The most that was resident until all tasks were done.
    pub(super) peak: u64,
}

pub(super) fn held(programs: &Programs, worker: &Worker) -> Result<Held> {
    let stack = start()?;
    let mut stand_in = StandIn::start(programs, &stack, QUEUED + CONCURRENCY, BYTES, 0)?;
    let address = stand_in.address(&stack)?;
    let hold = stack.folder().join("hold");
    let process = worker.start(&stack, &address, Some(&hold))?;
    stand_in.until(&stack, "the queue", |event| (event["queued"].as_u64()? >= u64::from(QUEUED)).then_some(()))?;
    thread::sleep(SETTLE);
    let Memory { resident, proportional, .. } = memory_of(process.pid());
    File::create(&hold).map_err(|error| Failure::new("let the tasks end", error))?;
    let right = stand_in.until(&stack, "all tasks done", |event| event["right"].as_bool())?;
    stack.check(right, "the right results", "each task once, and well")?;
    let held = Held { resident, proportional, peak: memory_of(process.pid()).peak };
    eprintln!("{worker}: {held:?}");
    Ok(held)
}
