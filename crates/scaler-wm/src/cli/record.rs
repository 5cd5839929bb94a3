//! `record`: which monitor, and where to.

use std::path::PathBuf;

use scaler_wm_core::Address;

use super::{Call, command, matches};
use crate::exit::Failure;

/// A recording.
#[derive(Clone, Debug)]
pub(crate) struct RecordCall {
    /// Where the monitor publishes.
    pub(crate) monitor: Address,
    /// Where the trace goes.
    pub(crate) file: PathBuf,
}

/// Reads what follows `record`.
pub(super) fn record(arguments: &[String]) -> Result<Call, Failure> {
    let matches = matches(command::record(), &[], arguments)?;
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let monitor = text(command::MONITOR).parse();
    let monitor = monitor.map_err(|error| Failure::Usage(format!("MONITOR_ADDRESS: {error}")))?;
    Ok(Call::Record(RecordCall { monitor, file: PathBuf::from(text(command::OUTPUT)) }))
}
