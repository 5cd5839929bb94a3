//! A worker that hands its tasks to somebody else's scheduler, beside the released proxy, both with an executor that takes
//! no time: what is left is what they cost themselves.

mod memory;
mod rows;
mod small;
mod stand_in;
mod throughput;
mod worker;

use std::path::PathBuf;

use memory::Held;
use scaler_wm_tests::{Result, Stack, StackOptions};
use small::{Latency, Written};
use throughput::Round;
use worker::Worker;

use super::sheet::Sheet;
use crate::shell;

/// The package of ours that has the worker.
const PACKAGE: &str = "scaler-wm-agent";
/// Rounds of either, in turn.
const ROUNDS: usize = 3;

/// What is run.
#[derive(Debug)]
struct Programs {
    instant: PathBuf,
    stand_in: PathBuf,
    latency: PathBuf,
    envelope: PathBuf,
}

/// One figure of each.
#[derive(Clone, Copy, Debug)]
struct Pair<T> {
    ours: T,
    released: T,
}

#[derive(Debug)]
struct Measured {
    /// With the released scheduler and client.
    whole: Pair<Vec<Round>>,
    /// The same, when all tasks wait before the worker comes.
    backlog: Pair<Vec<Round>>,
    /// With a scheduler that costs next to nothing, and no client.
    alone: Pair<Vec<Round>>,
    held: Pair<Held>,
    written: Written,
    latency: Latency,
}

/// Measures all of it.
pub(super) fn measure() -> Result<Sheet> {
    let build = |name| shell::build_example(PACKAGE, name);
    let programs = Programs {
        instant: build("instant")?,
        stand_in: build("stand_in")?,
        latency: build("latency_bench")?,
        envelope: build("envelope_bench")?,
    };
    let workers = Pair { ours: Worker::Ours(programs.instant.clone()), released: Worker::Released };
    let written = small::written(&programs)?;
    let latency = small::latency(&programs)?;
    let held =
        Pair { ours: memory::held(&programs, &workers.ours)?, released: memory::held(&programs, &workers.released)? };
    let alone = in_turn(&workers, |worker| throughput::alone(&programs, worker))?;
    let whole = in_turn(&workers, throughput::whole)?;
    let backlog = in_turn(&workers, throughput::backlog)?;
    Ok(rows::sheet(&Measured { whole, backlog, alone, held, written, latency }))
}

fn in_turn(workers: &Pair<Worker>, round: impl Fn(&Worker) -> Result<Round>) -> Result<Pair<Vec<Round>>> {
    let mut rounds = Pair { ours: Vec::new(), released: Vec::new() };
    for _ in 0..ROUNDS {
        rounds.ours.push(round(&workers.ours)?);
        rounds.released.push(round(&workers.released)?);
    }
    Ok(rounds)
}

/// A stack that asks for no workers.
fn start() -> Result<Stack> {
    Stack::start(StackOptions { policy: "allocate=even_load; scaling=no".to_owned(), ..StackOptions::default() })
}
