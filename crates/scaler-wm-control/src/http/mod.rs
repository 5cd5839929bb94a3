//! The status page, metrics and health over HTTP, for whoever watches processes: a person, Prometheus, an orchestrator.
//!
//! Nothing here changes anything, and whoever can reach the listener can read it.

mod health;
mod history;
mod page;
mod pages;
mod serve;
mod standing;
mod tag;

pub(crate) use health::why_not_ready;
pub use health::{Health, health, readiness};
pub use serve::serve;
