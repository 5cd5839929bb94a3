//! ECS on loopback: the emulator, the proxy before it, and managers that launch tasks there.

mod account;
mod bad_days;
mod client_tokens;
mod execution;
mod faults;
mod holds;
mod kills;
mod pace;
mod provider;
mod released;
mod whole;
