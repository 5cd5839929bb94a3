//! The executor over a service in memory that has what no emulator has.

#![expect(clippy::unwrap_used, reason = "a service in memory that is asked for nonsense ends the test")]

mod ending;
mod fake;
mod looking;
mod recovering;
mod submitting;
mod world;
