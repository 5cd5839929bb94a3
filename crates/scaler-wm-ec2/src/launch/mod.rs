//! One launch: the call and everything in it, the script that its instances run, and what comes of it when something that it
//! names is gone.

mod call;
mod fill;
mod lost;
mod user_data;

pub(crate) use call::{Call, CreateFleet, Draft, RunInstances, Shape, Volume, tiers};
pub(crate) use fill::tagged;
pub(crate) use lost::{Lost, unmended};
pub(crate) use user_data::{LONGEST, PREFIX, user_data};
