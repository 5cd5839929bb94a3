//! What a stack is given to do, and what came of it.

mod client;
mod commanded;
mod hand_backs;
mod raw_task;
mod runs;
mod starts;
mod tally;
mod workload;

pub use client::{Client, Finished, Script};
pub use commanded::Commanded;
pub use raw_task::RawTask;
pub use starts::{Start, Starts};
pub use tally::Tally;
pub use workload::Workload;
