//! Version 1.

use crate::generated::v1::message_capnp as schema;

mod fields;
#[path = "../shared/mod.rs"]
mod shared;

pub(crate) use shared::{decode, encode};
