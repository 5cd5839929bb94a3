#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod config;
mod definition;
mod failure;
mod inventory;
mod launch;
mod options;
mod preflight;
mod provider;
mod start_line;
mod task;

pub use config::{EcsConfig, Paces};
pub use inventory::EcsInventory;
pub use options::SECTION;
pub use preflight::preflight;
pub use provider::EcsProvider;
