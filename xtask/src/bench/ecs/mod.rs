//! ECS, over an emulator whose tasks are no processes: many tasks at once beside the released manager, and a thousand
//! that are found again.

mod adopt;
mod ramp;
mod rows;
mod stand;

use std::{fs, path::Path};

use adopt::Adopted;
use ramp::Ramp;
pub(crate) use rows::Sheet;
use scaler_wm_tests::{Failure, ManagerKind, Result};
use stand::Subject;

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
    let ours = Subject { kind: ManagerKind::Ours, binary: Some(binary.to_owned()) };
    let ramps: Vec<Ramp> = (0..RUNS).map(|_| ramp::measure(&ours)).collect::<Result<_>>()?;
    let released = ramp::measure(&Subject { kind: ManagerKind::Released, binary: None })?;
    let adopted = adopt::measure(&ours)?;
    Ok(Sheet::of(&Measured { ours: ramps, released, adopted, binary: size }))
}
