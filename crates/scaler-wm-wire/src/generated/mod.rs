//! Code that `cargo xtask codegen` makes of the schemas under `proto/scaler`. Nobody edits it.

pub(crate) mod v1;
pub(crate) mod v2;
