//! Symphony: what the ABI and the backend cost by themselves, and the whole path beside the released proxy with a stub of
//! `soamapi`. Either runs tasks for real, or has somebody behind it who answers at once.

mod executor;
mod programs;
mod rows;
mod throughput;

use executor::{Alone, Costs, Held};
use programs::{Behind, Manager, Programs};
use scaler_wm_tests::Result;
use throughput::Round;

use super::sheet::Sheet;

/// Rounds of each manager, in turn.
const ROUNDS: usize = 3;

/// A way to measure rounds.
type Measure = fn(&Programs, Manager, Behind) -> Result<Round>;

/// Rounds of both managers.
#[derive(Debug, Default)]
struct Both {
    ours: Vec<Round>,
    released: Vec<Round>,
}

#[derive(Debug)]
struct Measured {
    /// Over the shim with its double, and over the simulator.
    costs: [Costs; 2],
    /// Either library without us.
    alone: [Alone; 2],
    held: [Held; 2],
    paths: Vec<Path>,
}

/// One way from a task to its result.
#[derive(Debug)]
struct Path {
    what: &'static str,
    behind: Behind,
    both: Both,
}

/// What is around the managers.
const AROUND: [(&str, Measure); 3] = [
    ("a scheduler that costs next to nothing", throughput::alone),
    ("released scheduler and client", throughput::flood),
    ("released scheduler, a backlog that waits when the worker comes", throughput::backlog),
];

/// Measures all of it.
pub(super) fn measure() -> Result<Sheet> {
    let programs = Programs::build()?;
    let costs = [executor::costs(&programs, programs.double())?, executor::costs(&programs, programs.simulator())?];
    let alone = [executor::alone(&programs, programs.double())?, executor::alone(&programs, programs.simulator())?];
    let held = [executor::held(&programs, programs.double())?, executor::held(&programs, programs.simulator())?];
    let mut paths = Vec::new();
    for (what, round) in AROUND {
        for behind in [Behind::Nobody, Behind::Services] {
            let mut both = Both::default();
            for _ in 0..ROUNDS {
                both.ours.push(round(&programs, Manager::Ours, behind)?);
                both.released.push(round(&programs, Manager::Released, behind)?);
            }
            paths.push(Path { what, behind, both });
        }
    }
    Ok(rows::sheet(&Measured { costs, alone, held, paths }))
}
