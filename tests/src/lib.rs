//! The harness of the whole-process tests: it starts a released OpenGRIS Scaler (object storage, scheduler, clients) and
//! a worker manager on free loopback ports, watches them from outside (`/proc` and their logs), and leaves nothing
//! running, whatever happens. Managers of a cloud find AWS on loopback beside it ([`EcsStack`]).
//!
//! `cargo xtask demo` and `cargo xtask bench native` stand on the same code.

#![forbid(unsafe_code)]

mod aws;
mod browser;
mod error;
mod exchange;
mod json_lines;
mod orb;
mod processes;
mod seen;
mod setup;
mod stacks;
mod wait;
mod work;

pub use aws::{
    Answer, ApiCall, ApiError, ApiProxy, AwsClient, BUCKET, BatchCloud, BatchEmulator, BatchOptions, BatchStack,
    BatchStackOptions, Cloud, CloudOf, CloudStack, CloudStackOptions, Counts, Desired, Ec2Cloud, Ec2Emulator,
    Ec2Options, Ec2Stack, Ec2StackOptions, EcsStack, EcsStackOptions, Emulation, Emulator, EmulatorOptions, Faults,
    Fell, Hold, HoldPoint, IMAGE, Instance, Job, Kill, KillTally, Killable, Limit, MISSING_IMAGE, Made, OBJECT_PREFIX,
    Object, Outcome, QUEUE, Refusals, Resources, Runner, Shortage, Task, Unit,
};
pub use browser::{Browser, Scheme, install_browser};
pub use error::{Failure, Result};
pub use json_lines::{json_lines, released_script};
pub use orb::OrbServer;
pub use processes::{
    LogFile, Memory, Ports, Proc, Process, Relay, all_processes, cpu_time, descendants, descriptors_of, is_listening,
    marked, memory_of, with_connection_to,
};
pub use seen::{Looked, Notified, SchedulerLog, Told, WorkerEvent};
pub use setup::{
    Authority, Certificate, FEATURES, Good, LATEST, OLDEST, RELEASE, Venv, build, build_wheel, cache_folder,
    manager_binary, musl_target, newest_release, python_scripts, self_signed, source_distribution, symphony_library,
    write_papers,
};
pub use stacks::{
    Agents, Backend, Manager, ManagerKind, ManagerOptions, Plugin, Stack, StackOptions, Symphony, Transport, Up,
    UpStack,
};
pub use wait::{deadline, interrupt, is_interrupted, now, until};
pub use work::{Client, Commanded, Finished, RawTask, Script, Start, Starts, Tally, Workload};
