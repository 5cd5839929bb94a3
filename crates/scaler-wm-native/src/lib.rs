#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod helper;
mod kept;
mod memory;
mod options;
mod provider;
mod registry;
mod shared;
mod switchboard;

pub use config::{NativeConfig, UPGRADE_CHECK, Ways, WorkerSettings};
pub use error::{Error, ErrorKind};
pub use options::SECTION;
pub use provider::NativeProvider;
