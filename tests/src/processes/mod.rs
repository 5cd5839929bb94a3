//! Processes from outside: their children, logs, memory, and ports.

mod log_file;
mod memory;
mod ports;
mod proc_tree;
mod process;
mod relay;

pub use log_file::LogFile;
pub use memory::{Memory, cpu_time, descriptors_of, memory_of};
pub use ports::{Ports, is_listening};
pub use proc_tree::{Proc, all_processes, descendants, marked, with_connection_to};
pub use process::Process;
pub use relay::Relay;

pub(crate) use proc_tree::{MARKER, ROLE, UNIT, kill_all};
pub(crate) use process::signal;
