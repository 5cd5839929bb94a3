//! Metrics and health over HTTP, for whatever watches processes: Prometheus, an orchestrator, a person with `curl`.
//!
//! Nothing here changes anything, and whoever can reach the listener can read it.

mod health;
mod pages;
mod serve;

pub(crate) use health::why_not_ready;
pub use health::{Health, health, readiness};
pub use serve::serve;
