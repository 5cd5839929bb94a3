//! The harness of the whole-process tests: it starts a released OpenGRIS Scaler (object storage, scheduler, clients) and
//! a worker manager on free loopback ports, watches them from outside (`/proc` and their logs), and leaves nothing
//! running, whatever happens. Managers of a cloud find AWS on loopback beside it ([`EcsStack`]).
//!
//! `cargo xtask demo` and `cargo xtask bench native` stand on the same code.

mod agents;
mod aws;
mod backend;
mod binary;
mod browser;
mod certificates;
mod client;
mod commanded;
mod debian;
mod error;
mod exchange;
mod ground;
mod hand_backs;
mod interpreter;
mod json_lines;
mod log_file;
mod manager;
mod memory;
mod musl;
mod notified;
mod orb;
mod package;
mod plugin;
mod ports;
mod preflight;
mod proc_tree;
mod process;
mod raw_task;
mod registry;
mod relay;
mod runs;
mod scheduler_log;
mod stack;
mod starts;
mod symphony;
mod tally;
mod told;
mod transport;
mod up;
mod venv;
mod wait;
mod workload;

pub use agents::Agents;
pub use aws::{
    Answer, ApiCall, ApiError, ApiProxy, AwsClient, BUCKET, BatchCloud, BatchEmulator, BatchOptions, BatchStack,
    BatchStackOptions, Cloud, CloudOf, CloudStack, CloudStackOptions, Counts, Desired, Ec2Cloud, Ec2Emulator,
    Ec2Options, Ec2Stack, Ec2StackOptions, EcsStack, EcsStackOptions, Emulation, Emulator, EmulatorOptions, Faults,
    Fell, Hold, HoldPoint, IMAGE, Instance, Job, Kill, KillTally, Killable, Limit, MISSING_IMAGE, Made, OBJECT_PREFIX,
    Object, Outcome, QUEUE, Refusals, Resources, Runner, Shortage, Task, Unit,
};
pub use backend::Backend;
pub use binary::{FEATURES, build, manager_binary, symphony_library};
pub use browser::{Browser, Scheme, install_browser};
pub use certificates::{Authority, Certificate, Good, self_signed};
pub use client::{Client, Finished, Script};
pub use commanded::Commanded;
pub use error::{Failure, Result};
pub use json_lines::{json_lines, released_script};
pub use log_file::LogFile;
pub use manager::{Manager, ManagerKind, ManagerOptions};
pub use memory::{Memory, cpu_time, descriptors_of, memory_of};
pub use musl::musl_target;
pub use notified::Notified;
pub use orb::OrbServer;
pub use package::{build_wheel, write_papers};
pub use plugin::Plugin;
pub use ports::{Ports, is_listening};
pub use preflight::Looked;
pub use proc_tree::{Proc, all_processes, descendants, marked, with_connection_to};
pub use process::Process;
pub use raw_task::RawTask;
pub use registry::{newest_release, source_distribution};
pub use relay::Relay;
pub use scheduler_log::{SchedulerLog, WorkerEvent};
pub use stack::{Stack, StackOptions};
pub use starts::{Start, Starts};
pub use symphony::Symphony;
pub use tally::Tally;
pub use told::Told;
pub use transport::Transport;
pub use up::{Up, UpStack};
pub use venv::{LATEST, OLDEST, RELEASE, Venv, cache_folder, python_scripts};
pub use wait::{deadline, interrupt, is_interrupted, now, until};
pub use workload::Workload;
