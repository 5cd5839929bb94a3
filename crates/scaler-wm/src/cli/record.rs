//! `record`: which monitor, and where to.

use std::path::PathBuf;

use scaler_wm_core::{Address, options::resolve};
use scaler_wm_options::TRUST;
use scaler_wm_wire::ymq::Trust;

use super::{Call, command, found, matches};
use crate::{exit::Failure, peers::trust};

/// A recording.
#[derive(Clone, Debug)]
pub(crate) struct RecordCall {
    /// Where the monitor publishes.
    pub(crate) monitor: Address,
    /// Whom it has to convince.
    pub(crate) trust: Trust,
    /// Where the trace goes.
    pub(crate) file: PathBuf,
}

/// Reads what follows `record`.
pub(super) fn record(arguments: &[String]) -> Result<Call, Failure> {
    let declared: Vec<_> = TRUST.iter().collect();
    let matches = matches(command::record(), &declared, arguments)?;
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let monitor = text(command::MONITOR).parse();
    let monitor = monitor.map_err(|error| Failure::Usage(format!("MONITOR_ADDRESS: {error}")))?;
    let given: Vec<_> = TRUST.iter().filter_map(|spec| found(spec, spec.flag(), &matches)).collect();
    let trust = trust(&resolve(&declared, &given, |_| None, &[])?)?;
    Ok(Call::Record(RecordCall { monitor, trust, file: PathBuf::from(text(command::OUTPUT)) }))
}
