//! Why something was not done: what becomes a `scaler_soam_error`.

use std::fmt::Display;

use crate::abi::{self, Status};

/// The result of whatever can fail towards the caller.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// A status and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) message: String,
}

impl Failure {
    /// What the simulator calls the kind of each error.
    pub(crate) const KIND: &str = "SoamException";

    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(abi::INVALID, message)
    }

    pub(crate) fn lost() -> Self {
        Self::new(abi::LOST, "the session is of no use any more")
    }

    /// A failure of the machine the simulator runs on.
    pub(crate) fn io(what: impl Display, error: impl Display) -> Self {
        Self::new(abi::FAILED, format!("failed to {what}: {error}"))
    }

    /// A number of our own: IBM's are not known to us.
    pub(crate) fn code(&self) -> i32 {
        9000 + self.status
    }
}
