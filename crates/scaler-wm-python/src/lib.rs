#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod environment;
mod error;
mod installed;
mod interpreter;

pub use environment::FOR_THIS_PROCESS_ALONE;
pub use error::Error;
pub use installed::Installed;
pub use interpreter::{interpreter, program};
