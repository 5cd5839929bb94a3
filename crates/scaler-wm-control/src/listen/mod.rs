//! Where a control plane listens, and whom it lets in.

mod settings;
mod socket;
mod tls;
mod token;

pub use settings::{Files, ListenError, Tcp, resolved};
pub(crate) use socket::Place;
pub use socket::{Socket, is_alive};
pub(crate) use tls::{PROTOCOL, authorities, certificates, private_key};
pub use token::Token;
