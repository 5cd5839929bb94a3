//! AWS on loopback: an emulator whose tasks really run, and a proxy before it that knows bad days.

mod client;
mod cloud;
mod containers;
mod emulator;
mod errors;
mod exchange;
mod kill;
mod proxy;
mod stack;
mod task;

pub use client::{Answer, AwsClient};
pub use cloud::Cloud;
pub use containers::MISSING_IMAGE;
pub use emulator::{Emulator, EmulatorOptions};
pub use kill::{Fell, Kill, KillTally};
pub use proxy::{ApiCall, ApiError, ApiProxy, Counts, Faults, Hold, HoldPoint, Limit, Outcome, Refusals};
pub use stack::{EcsStack, EcsStackOptions};
pub use task::{Desired, Task};
