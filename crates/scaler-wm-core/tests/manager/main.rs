//! The whole loop over a provider and a link in memory, on paused time.

mod bench;
mod faults;
mod scaling;
mod stopping;
