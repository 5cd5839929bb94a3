//! Batch: an emulator whose jobs are processes.

mod emulator;
mod job;
mod options;
mod setup;

use crate::aws::cloud::CloudOf;
use crate::aws::stack::{CloudStack, CloudStackOptions};

pub use emulator::BatchEmulator;
pub use job::{Job, Made, Object};
pub use options::{BatchOptions, Runner};
pub use setup::{BUCKET, OBJECT_PREFIX, QUEUE};

/// Batch on loopback.
pub type BatchCloud = CloudOf<BatchEmulator>;

/// A stack beside Batch.
pub type BatchStack = CloudStack<BatchEmulator>;

/// How a stack beside Batch is started.
pub type BatchStackOptions = CloudStackOptions<BatchOptions>;
