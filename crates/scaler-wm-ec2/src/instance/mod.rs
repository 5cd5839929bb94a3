//! What an instance is to us, what Spot says of it, and until when it runs although no manager is there.

pub(crate) mod lease;
pub(crate) mod spot;
mod unit;

pub(crate) use unit::{is_stopped, is_up, just_started, unit};
