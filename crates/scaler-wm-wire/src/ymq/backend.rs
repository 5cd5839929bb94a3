//! What carries messages: YMQ, or the package's older way.

use scaler_wm_core::Address;

/// What carries messages, as `SCALER_NETWORK_BACKEND` tells the package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// YMQ.
    #[default]
    Ymq,
    /// ZeroMQ, over `tcp://` and `ipc://`. Nothing in it tells which version of the wire is spoken; what the monitor
    /// publishes does.
    Zmq {
        /// Where the scheduler's monitor publishes.
        monitor: Address,
    },
}
