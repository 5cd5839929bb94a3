//! The provider over a service in memory that has what no emulator has.

#![expect(clippy::unwrap_used, reason = "a service in memory that is asked for nonsense ends the test")]

mod fake;
mod fleets;
mod form;
mod launching;
mod looking;
mod managing;
mod options;
mod setting_up;
mod suite;
mod user_data;
