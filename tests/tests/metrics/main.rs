//! Metrics and health of whole processes, read by the parsers of Prometheus' own client library.

mod cloud;
mod local;
mod scraper;
