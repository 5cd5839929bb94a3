//! The exported table, called as a program written in C would: through its pointers.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod alone;
mod border;
mod faults;
mod hosted;
mod noop;
mod order;
mod payload;
mod restart;
mod runs;
mod table;
