#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod failure;
mod journal;
mod memory;
mod store;
mod writer;

pub use journal::RedbJournal;
pub use memory::MemoryJournal;
