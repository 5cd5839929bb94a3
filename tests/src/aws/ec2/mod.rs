//! EC2: an emulator whose instances are processes.

mod emulator;
mod instance;
mod kills;
mod machines;

use crate::aws::cloud::CloudOf;
use crate::aws::stack::{CloudStack, CloudStackOptions};

pub use emulator::{Ec2Emulator, IMAGE};
pub use instance::{Instance, Resources, Shortage};
pub use machines::Ec2Options;

/// EC2 on loopback.
pub type Ec2Cloud = CloudOf<Ec2Emulator>;

/// A stack beside EC2.
pub type Ec2Stack = CloudStack<Ec2Emulator>;

/// How a stack beside EC2 is started.
pub type Ec2StackOptions = CloudStackOptions<Ec2Options>;
