//! EC2 on loopback: the emulator, the proxy before it, and managers that launch instances there.

mod account;
mod capacity;
mod execution;
mod faults;
mod released;
mod spot;
mod whole;
