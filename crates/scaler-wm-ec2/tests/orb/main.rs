//! The provider over an ORB server in memory, which can do what a real one cannot be made to do.

#![expect(clippy::unwrap_used, reason = "a server in memory that is asked for nonsense ends the test")]

mod asking;
mod fake;
mod lines;
mod looking;
mod managing;
mod returning;
mod secrets;
mod starting;
mod suite;
