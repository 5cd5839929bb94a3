//! Between the messages and the provider seam.

mod info;
mod launch;
mod unit;

#[cfg(feature = "server")]
pub(crate) use info::info_of;
pub(crate) use info::{Described, described};
#[cfg(feature = "server")]
pub(crate) use launch::launch;
pub(crate) use launch::{launch_message, settled};
pub(crate) use unit::unit;
#[cfg(feature = "server")]
pub(crate) use unit::unit_message;

#[cfg(feature = "server")]
fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
