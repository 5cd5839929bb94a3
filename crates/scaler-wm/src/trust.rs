//! Whom a scheduler has to convince, by the options.

use std::path::PathBuf;

use scaler_wm_core::options::{OptionError, Values};
use scaler_wm_wire::ymq::{PinError, Trust};

/// What the options say.
///
/// # Errors
/// When they contradict one another, or a certificate's SHA-256 is none.
pub(crate) fn trust(values: &Values) -> Result<Trust, OptionError> {
    let file = values.maybe_text("tls_ca");
    let pins = values.maybe_texts("tls_pin").filter(|pins| !pins.is_empty());
    let anyone = values.flag("tls_skip_verify");
    match (file, pins, anyone) {
        (None, None, false) => Ok(Trust::System),
        (Some(file), None, false) => Ok(Trust::File(PathBuf::from(file))),
        (None, Some(pins), false) => {
            let pins: Result<_, PinError> = pins.iter().map(|pin| pin.parse()).collect();
            pins.map(Trust::Certificates).map_err(|error| values.problem("tls_pin", error.to_string()))
        }
        (None, None, true) => Ok(Trust::Anyone),
        (_, _, true) => {
            Err(values.problem("tls_skip_verify", "it trusts anybody: leave out tls_ca and tls_pin beside it"))
        }
        (Some(_), Some(_), false) => {
            Err(values.problem("tls_pin", "a pinned certificate needs no authority: give tls_pin or tls_ca, not both"))
        }
    }
}

/// What is said at every start where anybody is trusted.
pub(crate) fn warning(trust: &Trust) -> Option<&'static str> {
    (*trust == Trust::Anyone)
        .then_some("tls_skip_verify: whoever answers is taken for the scheduler; tls_ca or tls_pin names whom to trust")
}
