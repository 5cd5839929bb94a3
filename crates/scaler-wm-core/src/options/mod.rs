//! One declaration per option, from which command line, TOML, environment, defaults, checks and help all come.
//!
//! Plain data: who reads command lines and files lives elsewhere, and hands in what it found as [`Raw`] with its
//! [`Origin`]. [`resolve`] makes [`Values`] of it: command line before environment before file before default.

mod common;
mod control;
mod nearest;
mod read;
mod resolve;
mod spec;
mod value;

pub use common::{COMMON, LOCAL_POLICY, LOGGING, MANAGER, MANAGER_WITHOUT_LIMIT, OPERATION, WORKER};
pub use control::CONTROL;
pub use nearest::nearest;
pub use resolve::{Found, resolve};
pub use spec::{Alias, Group, Kind, OptionSpec, Preset, grouped};
pub use value::{OptionError, Origin, Raw, Secret, Value, Values};
