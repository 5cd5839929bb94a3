//! Status page, metrics and health over HTTP, of managers on an infrastructure in memory.

mod bench;
mod client;
mod dashboard;
mod health;
mod metrics;
mod page;
mod scrape;
mod server;
mod standing;
