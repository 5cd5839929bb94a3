#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod book;
mod config;
mod desk;
mod ended;
mod executor;
#[expect(unsafe_code, reason = "the border to C: every other module is safe")]
mod ffi;
mod inventory;
mod options;
mod preflight;
mod record;
mod worker;

pub use config::{Codec, SymphonyConfig};
pub use executor::SymphonyExecutor;
pub use ffi::abi;
pub use inventory::SymphonyInventory;
pub use options::SECTION;
pub use preflight::preflight;
