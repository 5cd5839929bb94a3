#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod book;
mod config;
mod desk;
mod executor;
#[expect(unsafe_code, reason = "the border to C: every other module is safe")]
mod ffi;
mod options;
mod record;
mod worker;

pub use config::{Codec, SymphonyConfig};
pub use executor::SymphonyExecutor;
pub use ffi::abi;
pub use options::SECTION;
