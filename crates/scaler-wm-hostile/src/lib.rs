#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config_file;
mod decode;
mod frame_reader;
mod greeting;
mod monitor;
mod orb_template;
mod policy;
mod property;
mod result_pickle;
mod simulation;
mod storage_header;
mod trace;

/// How the binary reads its TOML file: included, since a library of its own for one file would be one more than users need.
#[path = "../../scaler-wm/src/file.rs"]
#[expect(dead_code, reason = "the binary uses all of it")]
mod file;
/// As [`template`], which stands on it.
#[path = "../../scaler-wm-ec2/src/limits.rs"]
#[cfg_attr(not(test), expect(dead_code, reason = "the EC2 backend uses all of it"))]
mod limits;
#[expect(dead_code, unreachable_pub, reason = "the EC2 backend uses all of it")]
mod template;

pub use config_file::config_file;
pub use decode::{decode_v1, decode_v2};
pub use frame_reader::frame_reader;
pub use greeting::greeting;
pub use monitor::monitor;
pub use orb_template::orb_template;
pub use policy::policy;
pub use property::{PROPERTIES, Property};
pub use result_pickle::result_pickle;
pub use simulation::simulation;
pub use storage_header::storage_header;
pub use trace::trace;
