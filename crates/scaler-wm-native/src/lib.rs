#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod helper;
mod options;
mod provider;
mod registry;

pub use config::{NativeConfig, Ways, WorkerSettings};
pub use error::{Error, ErrorKind};
pub use options::SECTION;
pub use provider::NativeProvider;
