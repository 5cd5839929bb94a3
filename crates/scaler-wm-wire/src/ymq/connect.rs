//! The connecting side.

use std::time::Duration;

use scaler_wm_core::{Address, Scheme};
use tokio::time::timeout;

use super::{
    Backend, Connection, Identity, MAX_FRAME, Trust, handshake,
    stream::{self, Stream},
};
use crate::{Error, ErrorKind, Result};

/// How [`connect`] goes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// What carries messages.
    pub backend: Backend,
    /// Whom a peer at a `tls://` or `wss://` address has to convince.
    pub trust: Trust,
    /// The longest wait until the stream is up, with what is around it.
    pub connect_timeout: Duration,
    /// The longest wait until the peer has named itself on a stream that is up.
    pub handshake_timeout: Duration,
    /// The longest frame that is read or sent, in bytes.
    pub max_frame: u64,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            trust: Trust::default(),
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
/// and [`ErrorKind::TimedOut`] when there is no way to get there, [`ErrorKind::Untrusted`] when the peer cannot show who it
/// is, [`ErrorKind::OtherTransport`], [`ErrorKind::BadMagic`],
/// [`ErrorKind::WrongVersion`], [`ErrorKind::Truncated`] and [`ErrorKind::Oversized`] when what listens there is no
/// binder of ours.
pub async fn connect(address: &Address, identity: &Identity, options: &ConnectOptions) -> Result<Connection> {
    let late = |operation, limit: Duration, what: &str| {
        let limit = limit.as_millis();
        let hint = match &options.backend {
            Backend::Ymq => another_transport(address).to_owned(),
            Backend::Zmq { monitor } => {
                format!(
                    " over ZeroMQ, or its monitor at {monitor} says nothing: SCALER_NETWORK_BACKEND is for both sides"
                )
            }
        };
        Error::new(ErrorKind::TimedOut, operation, format!("{address} {what} within {limit} ms{hint}"))
    };
    let mut stream = timeout(options.connect_timeout, open(address, identity, options))
        .await
        .map_err(|_| late("connect", options.connect_timeout, "did not answer"))??;
    let greeting = timeout(options.handshake_timeout, handshake::connect(&mut stream, identity, options.max_frame))
        .await
        .map_err(|_| late("greet the peer", options.handshake_timeout, "did not name itself"))?;
    let (version, peer, decoder) = greeting.map_err(|error| error.with_context(address))?;
    Ok(Connection::new(stream, version, peer, decoder, options.max_frame))
}

#[cfg_attr(not(feature = "zmq"), expect(unused_variables, reason = "YMQ greets later, by name"))]
async fn open(address: &Address, identity: &Identity, options: &ConnectOptions) -> Result<Stream> {
    match &options.backend {
        Backend::Ymq => stream::open(address, options).await,
        #[cfg(feature = "zmq")]
        Backend::Zmq { monitor } => super::zmq::open(address, identity, monitor, options.max_frame).await,
        #[cfg(not(feature = "zmq"))]
        Backend::Zmq { .. } => {
            let context = format!("{address}: this build speaks no ZeroMQ, it was made without the feature `zmq`");
            Err(Error::new(ErrorKind::Unsupported, "connect", context))
        }
    }
}

/// What a peer that says nothing may be waiting for.
const fn another_transport(address: &Address) -> &'static str {
    match address.scheme {
        Scheme::Tcp => ": if it listens with TLS or for WebSockets, the address begins with tls://, ws:// or wss://",
        Scheme::Tls => ": if it listens for WebSockets, the address begins with ws:// or wss://",
        Scheme::Ws => ": if it listens with TLS, the address begins with wss://",
        Scheme::Wss | Scheme::Ipc => "",
    }
}
