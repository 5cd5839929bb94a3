#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

#[path = "../../scaler-wm-symphony/src/ffi/abi.rs"]
pub mod abi;

mod attachment;
#[expect(unsafe_code, reason = "a C ABI is made of raw pointers; no other module touches them")]
mod border;
mod cluster;
mod failure;
mod faults;
mod library;
mod noop;
mod pool;
mod settings;
mod world;

pub use border::scaler_soam_get_api;
