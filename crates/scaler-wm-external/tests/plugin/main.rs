//! A provider behind gRPC, and a link before it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod link;
mod refusals;
mod restarts;
mod served;
mod stub;
mod suite;
