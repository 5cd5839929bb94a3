//! The connecting side.

use std::time::Duration;

use scaler_wm_core::Address;
use tokio::time::timeout;

use super::{Connection, Identity, MAX_FRAME, handshake, stream};
use crate::{Error, ErrorKind, Result};

/// How [`connect`] goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The longest wait until the stream is up.
    pub connect_timeout: Duration,
    /// The longest wait until the peer has named itself on a stream that is up.
    pub handshake_timeout: Duration,
    /// The longest frame that is read or sent, in bytes.
    pub max_frame: u64,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(5),
            max_frame: MAX_FRAME,
        }
    }
}

/// Connects to a binder under `identity`, in whichever version the binder speaks.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] for a scheme that this build does not speak, [`ErrorKind::Address`], [`ErrorKind::Io`]
/// and [`ErrorKind::TimedOut`] when there is no way to get there, [`ErrorKind::BadMagic`],
/// [`ErrorKind::WrongVersion`], [`ErrorKind::Truncated`] and [`ErrorKind::Oversized`] when what listens there is no
/// binder of ours.
pub async fn connect(address: &Address, identity: &Identity, options: &ConnectOptions) -> Result<Connection> {
    let late = |operation, limit: Duration, what| {
        Error::new(ErrorKind::TimedOut, operation, format!("{address} {what} within {} ms", limit.as_millis()))
    };
    let mut stream = timeout(options.connect_timeout, stream::open(address))
        .await
        .map_err(|_| late("connect", options.connect_timeout, "did not answer"))??;
    let greeting = timeout(options.handshake_timeout, handshake::connect(&mut stream, identity, options.max_frame))
        .await
        .map_err(|_| late("greet the peer", options.handshake_timeout, "did not name itself"))?;
    let (version, peer, decoder) = greeting.map_err(|error| error.with_context(address))?;
    Ok(Connection::new(stream, version, peer, decoder, options.max_frame))
}
