#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod caller;
mod command;
mod credentials;
mod failure;
mod pace;
pub mod preflight;
mod settings;
mod shell;
mod tags;
mod units;

pub use aws_config::SdkConfig;
pub use caller::{Caller, Request, Tries};
pub use command::WorkerCommand;
pub use failure::{class_of, failure, rest_where_alone};
pub use pace::{Pace, Rate};
pub use scaler_wm_core::control::{CallCount, Calls};
pub use settings::{AwsSettings, Keys};
pub use shell::quoted;
pub use tags::{LAUNCH, MANAGER, OWNER, TIER, Tags, key_of, random_name, short_hash, value_of};
pub use units::Units;
