//! The provider over a real ORB server, before an emulator of EC2.

mod whole;
