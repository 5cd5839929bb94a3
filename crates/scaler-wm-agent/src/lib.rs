#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod agent;
mod config;
mod hub;
mod provider;

pub mod payload;

pub use config::AgentConfig;
pub use provider::AgentProvider;
