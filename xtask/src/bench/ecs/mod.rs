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
use crate::plot::{self, Line, Panel};

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
    let picture = picture(&[("scaler-wm", &ramps[0]), ("Python", &released)]);
    let sheet = rows::sheet(&Measured { ours: ramps, released, adopted, binary: size });
    Ok(Sheet { picture: Some(picture), ..sheet })
}

/// Tasks over time.
fn picture(ramps: &[(&str, &Ramp)]) -> String {
    let end = ramps.iter().map(|(_, ramp)| ramp.took).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a hundred tasks")]
    let line = |(name, ramp): &(&str, &Ramp)| {
        let steps = ramp.steps.iter().map(|(at, tasks)| (*at, Some(*tasks as f64)));
        let points = steps.chain([(end, Some(ramp.tasks as f64))]).collect();
        Line { name: (*name).to_owned(), points, is_stepped: true }
    };
    let lines = ramps.iter().map(line).collect();
    let title = "100 tasks of ECS wanted at once: how many have been brought, at 250 ms a call";
    plot::draw("A run of cargo xtask bench ecs", &[Panel { title, lines, marks: Vec::new() }])
}

/// A stack whose tasks are no processes.
fn start() -> Result<EcsStack> {
    cloud::start(EmulatorOptions { executes: false, ..EmulatorOptions::default() })
}
