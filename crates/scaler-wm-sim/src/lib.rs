#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod journal;
mod link;
mod metrics;
#[cfg(feature = "plot")]
mod plot;
mod provider;
mod run;
mod table;
mod workload;
mod world;

#[cfg(feature = "chaos")]
pub mod chaos;
pub mod trace;

pub use config::{ManagerConfig, PolicyConfig, Seconds, Simulation, WorkloadConfig};
pub use error::{Error, Result};
pub use metrics::{Outcome, Point};
#[cfg(feature = "plot")]
pub use plot::plot;
pub use run::Progress;
pub use table::table;
