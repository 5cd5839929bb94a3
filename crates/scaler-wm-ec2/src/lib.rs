#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod config;
mod dump;
mod failure;
mod fill;
mod ground;
mod instance;
mod launch;
mod lease;
mod limits;
mod lost;
mod options;
mod orb;
mod owners;
mod provider;
mod requirements;
mod spot;
mod template;
mod temporary;
mod user_data;
mod way;

pub use config::{Ec2Config, FleetChoice, Install, Paces, RootVolume, Way};
pub use options::SECTION;
pub use orb::{OrbConfig, OrbProvider};
pub use provider::Ec2Provider;
pub use requirements::Requirements;
pub use template::{Market, ProviderApi, Template, TemplateError};
