//! The provider over a service in memory that has what no emulator has.

#![expect(clippy::unwrap_used, reason = "a service in memory that is asked for nonsense ends the test")]

mod answers;
mod fake;
mod fleets;
mod form;
mod launching;
#[path = "../orb/lines.rs"]
mod lines;
mod looking;
mod losing;
mod managing;
mod options;
mod setting_up;
mod state;
mod suite;
mod user_data;
