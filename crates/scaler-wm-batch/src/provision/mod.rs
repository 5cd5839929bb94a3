//! Makes what `aws_hpc` needs in AWS, and takes it away again.
//!
//! Everything is made under names that follow from prefix, account and region, and bears a tag that says so. What is
//! there is brought up to date if it bears the tag, and used as it is if not. The state file has each thing on record
//! before it is made, so that nothing is ever left behind unnamed.

mod account;
mod book;
mod bucket;
mod cleanup;
mod definition;
mod docker;
mod environment;
mod failure;
mod files;
mod image;
mod logs;
mod network;
mod policies;
mod profile;
mod progress;
mod queue;
mod recipe;
mod roles;
mod service_role;
mod settings;
mod show;
mod site;
mod watch;

pub use account::Services;
pub use book::{Book, Made, State, Thing};
pub use cleanup::Cleanup;
pub use policies::manager_policy;
pub use progress::{Happened, Progress};
pub use recipe::Recipe;
pub use settings::{Jobs, Place, Wanted};
pub use show::{exports, json, lines, sourcing};
pub use site::Site;
