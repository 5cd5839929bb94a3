//! Metrics and health over HTTP, of managers on an infrastructure in memory.

mod bench;
mod client;
mod dashboard;
mod health;
mod metrics;
mod scrape;
mod server;
