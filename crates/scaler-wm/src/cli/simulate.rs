//! `simulate`: which file, and what comes of it.

use std::path::PathBuf;

use super::{Call, command, matches};
use crate::exit::Failure;

/// A simulation.
#[derive(Clone, Debug)]
pub(crate) struct SimulateCall {
    /// The file that says what is simulated.
    pub(crate) file: PathBuf,
    /// Whether figures are JSON.
    pub(crate) is_json: bool,
    /// Where the picture goes.
    pub(crate) plot: Option<PathBuf>,
}

/// Reads what follows `simulate`.
pub(super) fn simulate(arguments: &[String]) -> Result<Call, Failure> {
    let matches = matches(command::simulate(), &[], arguments)?;
    let path = |name: &str| matches.get_one::<String>(name).map(PathBuf::from);
    let file = path(command::FILE).unwrap_or_default();
    Ok(Call::Simulate(SimulateCall { file, is_json: matches.get_flag("json"), plot: path("plot") }))
}
