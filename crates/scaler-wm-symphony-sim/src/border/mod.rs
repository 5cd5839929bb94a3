//! The exported table. Everything unsafe of this crate is here: reading what the caller points to, writing what it asked
//! for, and calling its callbacks. Nothing unwinds into the caller.

mod listener;
mod memory;
mod table;

pub use table::scaler_soam_get_api;
