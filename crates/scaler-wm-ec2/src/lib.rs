#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod config;
mod dry_run;
mod dump;
mod failure;
mod fill;
mod ground;
mod instance;
mod inventory;
mod launch;
mod lease;
mod limits;
mod lost;
mod options;
mod orb;
mod owners;
mod preflight;
mod provider;
mod requirements;
mod spot;
mod template;
mod temporary;
mod user_data;
mod way;

pub use config::{Ec2Config, FleetChoice, Install, Paces, RootVolume, Way};
pub use inventory::Ec2Inventory;
pub use options::SECTION;
pub use orb::{OrbConfig, OrbInventory, OrbProvider, orb_preflight};
pub use preflight::preflight;
pub use provider::Ec2Provider;
pub use requirements::Requirements;
pub use template::{Market, ProviderApi, Template, TemplateError};
