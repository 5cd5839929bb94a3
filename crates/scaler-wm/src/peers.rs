//! How a scheduler is reached, by the options and the environment: whom it has to convince, and what carries messages.

use std::{env, path::PathBuf};

use scaler_wm_core::{
    Address,
    options::{OptionError, Values},
};
use scaler_wm_wire::ymq::{Backend, PinError, Trust};

use crate::exit::Failure;

/// The variable by which the package chooses what carries messages.
const NETWORK_BACKEND: &str = "SCALER_NETWORK_BACKEND";

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

/// What carries messages to a scheduler with this monitor, as the environment tells the package and its workers.
///
/// # Errors
/// When it is nothing that this build speaks.
pub(crate) fn backend(monitor: Option<&Address>) -> Result<Backend, Failure> {
    let told = env::var(NETWORK_BACKEND).unwrap_or_default();
    let wrong = |problem: &str| Err(Failure::Usage(format!("{NETWORK_BACKEND}={told}: {problem}")));
    match (&*told, monitor) {
        ("" | "ymq", _) => Ok(Backend::Ymq),
        ("zmq", _) if cfg!(not(feature = "zmq")) => wrong(
            "this build speaks YMQ only: set it to ymq for the scheduler, its workers and clients and here, or install \
             scaler-wm with --features zmq",
        ),
        ("zmq", Some(monitor)) => Ok(Backend::Zmq { monitor: monitor.clone() }),
        ("zmq", None) => wrong("the scheduler's monitor tells which release speaks: name it by --monitor-address"),
        _ => wrong("it is ymq or zmq"),
    }
}
