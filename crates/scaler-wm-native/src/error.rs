//! The one error of this crate.

use std::{error::Error as StdError, fmt};

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No interpreter, no package, or one that is too old: somebody must change something.
    Unusable,
    /// The helper did not start, or went away: worth another try.
    Helper,
}

/// A failure of the native provider.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    operation: &'static str,
    context: String,
    source: Option<std::io::Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, operation: &'static str, context: impl Into<String>) -> Self {
        Self { kind, operation, context: context.into(), source: None }
    }

    pub(crate) fn io(operation: &'static str, context: impl Into<String>, source: std::io::Error) -> Self {
        Self { kind: ErrorKind::Helper, operation, context: context.into(), source: Some(source) }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether another try can succeed without anybody changing anything.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Helper)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}: {}", self.operation, self.context)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl From<Error> for scaler_wm_core::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Unusable => scaler_wm_core::ErrorKind::Invalid,
            ErrorKind::Helper => scaler_wm_core::ErrorKind::Failed,
        };
        let converted = Self::new(kind, error.operation, error.context);
        match error.source {
            Some(source) => converted.with_source(source),
            None => converted,
        }
    }
}
