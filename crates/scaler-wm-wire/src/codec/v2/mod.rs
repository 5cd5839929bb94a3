//! Version 2.

use crate::generated::v2::message_capnp as schema;

mod fields;
#[expect(clippy::duplicate_mod, reason = "compiled once against the schema of each version")]
#[path = "../shared/mod.rs"]
mod shared;

pub(crate) use shared::{decode, encode};
