//! The whole loop over a provider and a link in memory, on paused time.

mod bench;
mod control;
mod faults;
mod kept;
mod scaling;
mod stopping;
