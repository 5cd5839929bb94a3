//! Provisioning over services in memory, for what no emulator has: environments that take their time, fail, or have to be
//! changed; accounts that are somebody else's. From an empty account and back is tried at an emulator, in `tests/`.

#![cfg(feature = "provision")]
#![expect(clippy::unwrap_used, reason = "a service in memory that is asked for nonsense ends the test")]

mod fake;
mod making;
mod removing;
