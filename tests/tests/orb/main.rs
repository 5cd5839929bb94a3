//! A real ORB server, before an emulator of EC2.

mod provider;
mod suite;
mod whole;
