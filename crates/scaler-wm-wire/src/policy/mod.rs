//! A policy engine of ours, fed from the monitor of a released scheduler.
//!
//! The scheduler hosts a policy of its own; a manager that follows this one instead is scaled whatever that policy says.
//! Whoever hears the same monitor sees the same facts and comes to the same answer.

mod feed;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod host;

pub use host::{HostSettings, PolicyHost, Report, Standing, UnitReport};
