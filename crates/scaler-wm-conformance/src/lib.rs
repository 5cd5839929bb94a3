#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cluster;
mod link;
mod managed;
mod memory;
mod settings;
#[cfg(feature = "shell")]
mod shell;
mod suite;

pub use cluster::{MemoryCluster, MemoryExecutor, NextSubmit, Work, raised};
pub use link::{LinkHandle, MemoryLink, load_of};
pub use managed::{Managed, until};
pub use memory::{Call, CallKind, MemoryProvider, MemorySettings, NextLaunch, Way};
pub use settings::settings;
#[cfg(feature = "shell")]
pub use shell::{CANARY, Called, Shell, hostile};
pub use suite::{ExecutorFixture, Fixture, checks, executor_suite, provider_suite};
