//! Batch on loopback: the emulator, the proxy before it, and managers that run tasks as jobs there.

mod account;
mod bad_days;
mod cancels;
mod ends;
mod execution;
mod faults;
mod lists;
mod manager;
mod provision;
mod restarts;
mod suite;
mod whole;
