//! The one error of this crate.

use std::{error::Error as StdError, fmt};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// This build speaks no such transport: it was made without the feature `tls`.
    Unsupported,
    /// The address cannot be used: no such host, no port, a path that is too long.
    Address,
    /// The operating system reports a failure: refused, reset, unreachable, in use.
    Io,
    /// The peer did not answer in time.
    TimedOut,
    /// The peer cannot show that it is the one that is meant.
    Untrusted,
    /// The peer speaks no TLS, or no WebSocket, where the address says that it does.
    OtherTransport,
    /// The peer does not speak YMQ.
    BadMagic,
    /// The peer speaks another version of YMQ than this side.
    WrongVersion,
    /// The peer announced a frame longer than the bound, or we were asked to send one.
    Oversized,
    /// The connection ended in the middle of a frame or of the handshake.
    Truncated,
    /// The bytes are no message, or a message with values outside its schema.
    Malformed,
    /// The message has no form in this version of the wire.
    Unrepresentable,
    /// Nobody is connected under this identity.
    UnknownPeer,
    /// The peer takes frames too slowly: its queue is full.
    QueueFull,
    /// A new connection under the same identity took the place of this one.
    Replaced,
}

impl ErrorKind {
    /// Whether the same attempt, made later, can succeed without anybody changing anything.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Io | Self::TimedOut | Self::Truncated | Self::UnknownPeer | Self::QueueFull | Self::Replaced
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "not supported by this build",
            Self::Address => "unusable address",
            Self::Io => "input/output",
            Self::TimedOut => "timed out",
            Self::Untrusted => "the peer cannot be trusted",
            Self::OtherTransport => "the peer speaks another transport",
            Self::BadMagic => "the peer does not speak YMQ",
            Self::WrongVersion => "the peer speaks another version",
            Self::Oversized => "frame too long",
            Self::Truncated => "connection ended early",
            Self::Malformed => "malformed message",
            Self::Unrepresentable => "no such message in this version",
            Self::UnknownPeer => "no such peer",
            Self::QueueFull => "queue full",
            Self::Replaced => "replaced by a new connection",
        })
    }
}

/// A failure on the wire: what was attempted, what kind of failure it is, and why.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    operation: &'static str,
    context: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of an operation on the wire.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `operation` completes "failed to …"; `context` says what it was about.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str, context: impl Into<String>) -> Self {
        Self { kind, operation, context: context.into(), source: None }
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with more about what it was about, in front.
    #[must_use]
    pub fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.context =
            if self.context.is_empty() { context.to_string() } else { format!("{context}: {}", self.context) };
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same attempt, made later, can succeed without anybody changing anything.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// What was attempted; completes "failed to …".
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// What it was about; empty when there is nothing to add.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
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
