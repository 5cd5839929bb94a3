//! A provider whose units exist only in memory, with faults on demand.

mod control;
mod provider;
mod settings;
mod state;

pub use control::MemoryProvider;
pub use settings::{Call, CallKind, MemorySettings, NextLaunch, Way};
