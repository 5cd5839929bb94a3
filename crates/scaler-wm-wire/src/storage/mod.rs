//! The object storage server, as workers use it.

mod client;
mod ids;
mod pending;

pub use client::{StorageClient, StorageSettings};
