//! Why bytes and messages do not fit, before it becomes the crate's error.

use crate::{Error, ErrorKind};

/// The longest list, text or data that the format can hold, in elements.
const MAX_LENGTH: usize = (1 << 29) - 1;

/// A private result.
pub(super) type Coded<T> = Result<T, Fail>;

/// A private error: cheap, and without a name of the operation, which the caller knows.
#[derive(Debug)]
pub(super) enum Fail {
    /// The Cap'n Proto runtime refuses the bytes.
    Bytes(capnp::Error),
    /// The version has no such message or value.
    Unrepresentable(&'static str),
    /// A field is longer than the format can hold.
    Oversized,
}

impl From<capnp::Error> for Fail {
    fn from(error: capnp::Error) -> Self {
        Self::Bytes(error)
    }
}

impl From<capnp::NotInSchema> for Fail {
    fn from(error: capnp::NotInSchema) -> Self {
        Self::Bytes(error.into())
    }
}

impl From<std::str::Utf8Error> for Fail {
    fn from(error: std::str::Utf8Error) -> Self {
        Self::Bytes(error.into())
    }
}

impl Fail {
    /// The crate's error; `operation` completes "failed to …".
    pub(super) fn into_error(self, operation: &'static str) -> Error {
        match self {
            Self::Bytes(source) => Error::new(ErrorKind::Malformed, operation, "").with_source(source),
            Self::Unrepresentable(what) => Error::new(ErrorKind::Unrepresentable, operation, what),
            Self::Oversized => Error::new(ErrorKind::Oversized, operation, "a field has more than 512 Mi - 1 elements"),
        }
    }
}

/// The length of a list as the format counts it.
pub(super) fn length<T>(list: &[T]) -> Coded<u32> {
    // The builder panics past its limit, so it is never asked.
    if list.len() > MAX_LENGTH {
        return Err(Fail::Oversized);
    }
    u32::try_from(list.len()).map_err(|_| Fail::Oversized)
}

/// Bytes that the format can hold.
pub(super) fn data(bytes: &[u8]) -> Coded<&[u8]> {
    length(bytes)?;
    Ok(bytes)
}

/// A text that the format can hold, with the zero byte that it adds.
pub(super) fn text(text: &str) -> Coded<&str> {
    if text.len() >= MAX_LENGTH { Err(Fail::Oversized) } else { Ok(text) }
}
