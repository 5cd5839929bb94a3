#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod codec;
mod convert;
mod generated;
mod health;
mod json;
mod policy;
mod registry;
mod server;
mod service;
mod watch;

pub mod client;
pub mod http;
pub mod listen;
pub mod metrics;

pub use generated::v1;
pub use json::{stage_word, unit_state_word};
pub use registry::{Managed, Registry};
pub use server::{Listener, serve};
pub use watch::{FIRST_KEPT, MOST_WATCHERS};
