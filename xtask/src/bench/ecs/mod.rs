//! ECS, over an emulator whose tasks are no processes: many tasks at once beside the released manager, and a thousand
//! that are found again.

mod adopt;
mod ramp;
mod rows;

use std::{fs, path::Path};

use adopt::Adopted;
use ramp::Ramp;
use scaler_wm_tests::{EcsStack, EmulatorOptions, Failure, Result};

use super::{cloud, cloud::Subject, sheet::Sheet};

/// Runs of ours; the released manager takes so long that one must do.
const RUNS: usize = 3;

/// The figures: sizes in bytes.
#[derive(Debug)]
struct Measured {
    ours: Vec<Ramp>,
    released: Ramp,
    adopted: Adopted,
    binary: u64,
}

/// Measures all of it.
pub(crate) fn measure(binary: &Path) -> Result<Sheet> {
    let size = fs::metadata(binary).map_err(|error| Failure::new("look at the binary", error))?.len();
    let ours = Subject::ours(binary);
    let ramps: Vec<Ramp> = (0..RUNS).map(|_| ramp::measure(&ours)).collect::<Result<_>>()?;
    let released = ramp::measure(&Subject::released())?;
    let adopted = adopt::measure(&ours)?;
    Ok(rows::sheet(&Measured { ours: ramps, released, adopted, binary: size }))
}

/// A stack whose tasks are no processes.
fn start() -> Result<EcsStack> {
    cloud::start(EmulatorOptions { executes: false, ..EmulatorOptions::default() })
}
