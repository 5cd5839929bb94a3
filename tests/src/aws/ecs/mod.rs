//! ECS: an emulator whose tasks are processes.

mod emulator;
mod kills;
mod task;

use crate::aws::cloud::CloudOf;
use crate::aws::stack::{CloudStack, CloudStackOptions};

pub use emulator::{Emulator, EmulatorOptions};
pub use task::{Desired, Task};

/// ECS on loopback.
pub type Cloud = CloudOf<Emulator>;

/// A stack beside ECS.
pub type EcsStack = CloudStack<Emulator>;

/// How a stack beside ECS is started.
pub type EcsStackOptions = CloudStackOptions<EmulatorOptions>;
