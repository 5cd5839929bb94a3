//! The one error of this crate, and the classes by which the loop tells failures apart.

use std::{error::Error as StdError, fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// What kind of failure it is, and so what the loop does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// Asked too often: nothing was done, ask again later.
    Throttled,
    /// The infrastructure has none left of this tier: the tier is left alone for some minutes.
    NoCapacity,
    /// A quota of the account is used up.
    Quota,
    /// We are not allowed to: the manager stops with one clear sentence.
    Denied,
    /// Our credentials have run out: nothing was done, and new ones are looked for at the next try.
    Expired,
    /// The request can never succeed as it is: the manager stops with one clear sentence.
    Invalid,
    /// The idempotency token stands for another request: nothing more will come of this one.
    Conflict,
    /// What was asked about is not there.
    NotFound,
    /// Nobody knows whether it was done (time-out, lost reply, connection lost): the same request is repeated.
    Transient,
    /// The thing was started and failed at once, or could not be started here and now.
    Failed,
}

impl ErrorKind {
    /// Whether another try, later, can succeed without anybody changing anything.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::Denied | Self::Invalid | Self::NotFound)
    }

    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Throttled,
        Self::NoCapacity,
        Self::Quota,
        Self::Denied,
        Self::Expired,
        Self::Invalid,
        Self::Conflict,
        Self::NotFound,
        Self::Transient,
        Self::Failed,
    ];

    /// Its name as one word for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::NoCapacity => "no_capacity",
            Self::Quota => "quota",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::NotFound => "not_found",
            Self::Transient => "transient",
            Self::Failed => "failed",
        }
    }

    /// Whether the request may have been carried out although it failed.
    #[must_use]
    pub const fn is_uncertain(self) -> bool {
        matches!(self, Self::Transient)
    }

    /// Whether the manager must stop, since no retry can help.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        matches!(self, Self::Denied | Self::Invalid)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::NoCapacity => "no capacity",
            Self::Quota => "quota exceeded",
            Self::Denied => "denied",
            Self::Expired => "credentials expired",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::NotFound => "not found",
            Self::Transient => "outcome unknown",
            Self::Failed => "failed",
        })
    }
}

/// A failure at a seam: what was attempted, what kind of failure it is, and why.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    operation: &'static str,
    context: String,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of an operation at a seam.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `operation` completes "failed to …"; `context` says what it was about and what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str, context: impl Into<String>) -> Self {
        Self { kind, operation, context: context.into(), retry_after: None, source: None }
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with the time that the other side asked us to wait.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same error with what to do about it, or what it is about, behind what it says already.
    #[must_use]
    pub fn with_advice(mut self, advice: &str) -> Self {
        if !self.context.is_empty() {
            self.context.push_str("; ");
        }
        self.context.push_str(advice);
        self
    }

    /// The same error for somebody else whom it concerns: what caused it is words there.
    #[must_use]
    pub fn copy(&self) -> Self {
        let causes = self.source().map(|source| Chain(source).to_string());
        let parts = [Some(self.context.clone()).filter(|context| !context.is_empty()), causes];
        let context = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        Self { kind: self.kind, operation: self.operation, context, retry_after: self.retry_after, source: None }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was attempted; completes "failed to …".
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// How long the other side asked us to wait, if it did.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {} ({})", self.operation, self.kind)?;
        if !self.context.is_empty() {
            write!(f, ": {}", self.context)?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// An error with everything that caused it, on one line, for logs and users.
#[derive(Clone, Copy)]
pub struct Chain<'a>(pub &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause_once() {
        let inner = Error::new(ErrorKind::Denied, "read the key", "ask the administrator");
        let outer = Error::new(ErrorKind::Invalid, "start worker", "").with_source(inner);
        assert_eq!(
            Chain(&outer).to_string(),
            "failed to start worker (invalid): failed to read the key (denied): ask the administrator"
        );
    }
}
