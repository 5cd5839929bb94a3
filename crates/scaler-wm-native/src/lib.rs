#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod helper;
mod inventory;
mod kept;
mod memory;
mod options;
mod preflight;
mod provider;
mod registry;
mod shared;
mod switchboard;

pub use config::{NativeConfig, UPGRADE_CHECK, Ways, WorkerSettings};
pub use error::{Error, ErrorKind};
pub use inventory::NativeInventory;
pub use options::SECTION;
pub use preflight::preflight;
pub use provider::NativeProvider;

/// What a document shows of embedding this crate and others: it must compile, and run where it can.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;
