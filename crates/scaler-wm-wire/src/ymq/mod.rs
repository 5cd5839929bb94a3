//! YMQ, the transport of OpenGRIS Scaler: frames over a stream, both ends named.
//!
//! Read off releases 2.6.0 and 2.9.0: each side sends the magic `YMQ` and a version byte, then its identity as the first
//! frame; every later frame is one message. There is no acknowledgement and no heartbeat at this layer.

mod accept;
mod backend;
mod binder;
mod connect;
mod connection;
mod frame;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod handshake;
mod identity;
mod messages;
mod peer;
mod reconnect;
mod stream;
mod trust;
#[cfg(feature = "zmq")]
mod zmq;

pub use backend::Backend;
pub use binder::{BindOptions, Binder, BinderEvent};
pub use connect::{ConnectOptions, connect};
pub use connection::{Connection, FrameReceiver, FrameSender};
pub use frame::{FrameDecoder, LARGEST_MESSAGE, MAX_FRAME};
pub use identity::Identity;
pub use messages::{MessageReceiver, MessageSender};
pub use reconnect::{Reconnect, Retry};
pub use stream::SCHEMES;
pub use trust::{Pin, PinError, TlsIdentity, Trust};

pub use crate::Version;
