#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod config;
mod dry_run;
mod dump;
mod failure;
mod ground;
mod instance;
mod inventory;
mod launch;
mod limits;
mod options;
mod orb;
mod preflight;
mod provider;
mod requirements;
mod template;
mod way;

pub use config::{Ec2Config, FleetChoice, Install, Paces, RootVolume, Way};
pub use inventory::Ec2Inventory;
pub use options::SECTION;
pub use orb::{OrbConfig, OrbInventory, OrbProvider, orb_preflight};
pub use preflight::preflight;
pub use provider::Ec2Provider;
pub use requirements::Requirements;
pub use template::{Market, ProviderApi, Template, TemplateError};
