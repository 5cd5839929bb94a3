//! A released stack, managers, and what stands beside them.

mod agents;
mod backend;
mod ground;
mod manager;
mod plugin;
mod stack;
mod symphony;
mod transport;
mod up;

pub use agents::Agents;
pub use backend::Backend;
pub use manager::{Manager, ManagerKind, ManagerOptions};
pub use plugin::Plugin;
pub use stack::{Stack, StackOptions};
pub use symphony::Symphony;
pub use transport::Transport;
pub use up::{Up, UpStack};

pub(crate) use ground::{Ground, TAIL, search_path};
