#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod link;
mod memory;
mod suite;

pub use link::{LinkHandle, MemoryLink, load_of};
pub use memory::{Call, CallKind, MemoryProvider, MemorySettings, NextLaunch, Way};
pub use suite::{Fixture, checks, provider_suite};
