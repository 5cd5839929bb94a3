#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod book;
mod cancel;
mod client;
mod config;
mod executor;
mod failure;
mod inner;
mod inventory;
mod job;
mod look;
mod objects;
mod options;
mod outcome;
mod payload;
mod preflight;
mod recover;
mod send;

#[cfg(feature = "provision")]
pub mod provision;

pub use config::{BatchConfig, Paces};
pub use executor::BatchExecutor;
pub use inventory::BatchInventory;
pub use options::SECTION;
pub use preflight::preflight;
