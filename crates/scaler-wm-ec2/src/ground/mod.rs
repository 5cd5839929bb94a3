//! What launches stand on: what there is in the account, and what is made there for a while, on whose behalf.

mod owners;
mod survey;
mod temporary;

pub(crate) use owners::Owners;
pub(crate) use survey::{Ground, Subnets, Survey};
pub(crate) use temporary::Temporary;
