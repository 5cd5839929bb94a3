#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cluster;
mod link;
mod memory;
mod suite;

pub use cluster::{MemoryCluster, MemoryExecutor, NextSubmit, Work, raised};
pub use link::{LinkHandle, MemoryLink, load_of};
pub use memory::{Call, CallKind, MemoryProvider, MemorySettings, NextLaunch, Way};
pub use suite::{ExecutorFixture, Fixture, checks, executor_suite, provider_suite};
