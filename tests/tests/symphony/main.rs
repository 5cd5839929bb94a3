//! Symphony, simulated on this machine: the executor by itself, and managers whose tasks run there.

mod bad_days;
mod restarts;
mod setup;
mod suite;
mod whole;
