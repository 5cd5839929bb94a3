#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod config;
mod definition;
mod failure;
mod launch;
mod options;
mod provider;
mod start_line;
mod task;

pub use config::{EcsConfig, Paces};
pub use options::SECTION;
pub use provider::EcsProvider;
