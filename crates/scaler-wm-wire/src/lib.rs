#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod codec;
mod error;
mod generated;
mod version;

pub mod link;
pub mod message;
pub mod monitor;
pub mod policy;
#[cfg(feature = "worker")]
pub mod storage;
pub mod ymq;

pub use error::{Error, ErrorKind, Result};
pub use message::Message;
pub use version::Version;
