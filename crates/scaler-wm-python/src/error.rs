//! What can go wrong.

/// No interpreter, or nothing beside it: what is missing, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub(crate) String);
