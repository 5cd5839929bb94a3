//! EC2 on loopback: the emulator, the proxy before it, and managers that launch instances there.

mod account;
mod bad_days;
mod capacity;
mod execution;
mod faults;
mod fleets;
mod kills;
mod pace;
mod provider;
mod released;
mod setup;
mod shortages;
mod spot;
mod whole;
