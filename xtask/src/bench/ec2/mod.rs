//! EC2, over an emulator whose instances are no processes: the calls, the time and the memory of many at once, beside the
//! released manager with Open Resource Broker in it.

mod fleet;
mod known;
mod rows;
mod started;

use std::{fs, path::Path};

use fleet::Fleet;
use scaler_wm_tests::{Ec2Options, Ec2Stack, Failure, Faults, Result};
use started::Started;

use super::{cloud, cloud::Subject, sheet::Sheet};

/// Runs of each manager in which calls are counted and memory is read.
const FLEETS: usize = 3;
/// Runs of each manager in which the time is taken.
const STARTS: usize = 5;
/// How much longer every call takes, in seconds.
const LATENCY: f64 = 0.25;

/// What was measured of one manager.
#[derive(Debug, Default)]
struct Runs {
    fleets: Vec<Fleet>,
    starts: Vec<Started>,
}

/// Measures all of it.
pub(crate) fn measure(binary: &Path) -> Result<Sheet> {
    let size = fs::metadata(binary).map_err(|error| Failure::new("look at the binary", error))?.len();
    // By turns, so that neither has the machine to itself when it is quieter.
    let mut both = [Subject::ours(binary), Subject::released()].map(|subject| (subject, Runs::default()));
    for run in 0..FLEETS.max(STARTS) {
        for (subject, runs) in &mut both {
            if run < FLEETS {
                runs.fleets.push(fleet::measure(subject)?);
            }
            if run < STARTS {
                runs.starts.push(started::measure(subject)?);
            }
        }
    }
    let [(_, ours), (_, released)] = both;
    Ok(rows::sheet(&ours, &released, size))
}

/// A stack whose instances are no processes, behind some latency.
fn start() -> Result<Ec2Stack> {
    let ec2: Ec2Stack = cloud::start(Ec2Options { executes: false, ..Ec2Options::default() })?;
    ec2.cloud.proxy.set_faults(Faults { latency: LATENCY, ..Faults::default() });
    Ok(ec2)
}
