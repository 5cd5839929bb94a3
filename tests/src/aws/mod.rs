//! AWS on loopback: emulators whose tasks and instances really run, and a proxy before each that knows bad days.

mod batch;
mod client;
mod cloud;
mod containers;
mod ec2;
mod ecs;
mod emulation;
mod errors;
mod kill;
mod killable;
mod proxy;
mod stack;

pub use batch::{
    BUCKET, BatchCloud, BatchEmulator, BatchOptions, BatchStack, BatchStackOptions, Job, Made, OBJECT_PREFIX, Object,
    QUEUE, Runner,
};
pub use client::{Answer, AwsClient};
pub use cloud::CloudOf;
pub use containers::MISSING_IMAGE;
pub use ec2::{Ec2Cloud, Ec2Emulator, Ec2Options, Ec2Stack, Ec2StackOptions, IMAGE, Instance, Resources, Shortage};
pub use ecs::{Cloud, Desired, EcsStack, EcsStackOptions, Emulator, EmulatorOptions, Task};
pub use emulation::{Emulation, Unit};
pub use kill::{Fell, Kill, KillTally};
pub use killable::Killable;
pub use proxy::{ApiCall, ApiError, ApiProxy, Counts, Faults, Hold, HoldPoint, Limit, Outcome, Refusals};
pub use stack::{CloudStack, CloudStackOptions};
