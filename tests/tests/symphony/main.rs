//! Symphony, simulated on this machine: the executor by itself, and managers whose tasks run there.

mod bad_days;
mod libraries;
mod restarts;
mod service;
mod setup;
mod slow;
mod suite;
mod told;
mod whole;
