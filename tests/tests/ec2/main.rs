//! EC2 on loopback: the emulator, the proxy before it, and managers that launch instances there.

mod released;
