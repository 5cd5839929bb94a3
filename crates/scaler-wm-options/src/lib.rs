#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod agents;
mod batch;
mod ec2;
mod ecs;
mod external;
mod gui;
mod native;
mod oci;
mod orb;
pub mod provision;
mod rebalance;
mod scheduler;
mod section;
mod security;
mod storage;
mod symphony;

use scaler_wm_core::options;

pub use batch::AWS_HPC;
pub use ec2::ORB_AWS_EC2;
pub use ecs::{AWS_RAW_ECS, CapacityProvider, capacity_providers};
pub use external::EXTERNAL;
pub use gui::GUI;
pub use native::{BAREMETAL_NATIVE, fixed_concurrency, worker_type};
pub use oci::{OCI_HPC, OCI_RAW};
pub use scheduler::{POLICY, SCHEDULER};
pub use section::Section;
pub use security::TRUST;
pub use storage::OBJECT_STORAGE_SERVER;
pub use symphony::SYMPHONY;

/// The managers that this project has, in the order in which lists show them.
pub const MANAGERS: &[&Section] = &[&BAREMETAL_NATIVE, &AWS_RAW_ECS, &ORB_AWS_EC2, &AWS_HPC, &SYMPHONY, &EXTERNAL];

/// Managers that only the Python package has.
pub const PYTHON_MANAGERS: &[&Section] = &[&OCI_RAW, &OCI_HPC];

/// What every manager of a file follows that does not say something else.
pub const POLICY_TABLE: Section = Section {
    name: "policy",
    about: "The policy that managers of this file follow by themselves",
    options: &[options::LOCAL_POLICY],
    check: section::as_declared,
    examples: &[],
    tables: &[],
};

/// Where every manager of a file is watched and operated that does not say something else. Those that say the same share
/// one listener.
pub const CONTROL_TABLE: Section = Section {
    name: "control",
    about: "Where managers of this file are watched and operated",
    options: &[options::CONTROL],
    check: section::as_declared,
    examples: &[],
    tables: &[],
};

/// Tables of a file whose keys every manager of it inherits.
pub const SHARED_TABLES: &[&Section] = &[&POLICY_TABLE, &CONTROL_TABLE];

/// The other parts of a full stack, in the order in which they start; managers start before the last one.
pub const PARTS: &[&Section] = &[&OBJECT_STORAGE_SERVER, &SCHEDULER, &GUI];
