#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod interpreter;

pub use error::Error;
pub use interpreter::{interpreter, program};
