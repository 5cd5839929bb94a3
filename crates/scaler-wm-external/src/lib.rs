#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod book;
mod client;
mod codec;
mod config;
mod convert;
mod dial;
mod failure;
mod generated;
mod inventory;
#[cfg(feature = "link")]
mod link;
#[cfg(any(feature = "link", feature = "server"))]
mod listener;
mod options;
mod preflight;
mod provider;
#[cfg(feature = "server")]
mod server;
mod shared;
mod watch;

pub use address::{AddressError, PluginAddress};
pub use config::ExternalConfig;
pub use failure::{ERROR_KIND, RETRY_AFTER};
pub use generated::v1;
pub use inventory::ExternalInventory;
#[cfg(feature = "link")]
pub use link::{GrpcLink, LinkHello};
#[cfg(any(feature = "link", feature = "server"))]
pub use listener::Listener;
pub use options::SECTION;
pub use preflight::preflight;
pub use provider::ExternalProvider;
#[cfg(feature = "server")]
pub use server::serve_provider;

/// The version of the plug-in protocol: that of the package of its schema.
pub const PROTOCOL: u32 = 1;
