//! How much work bytes from outside may make.

use capnp::message::ReaderOptions;

/// Limits for a frame of these bytes.
///
/// Every part of a frame is read once. Twice its size leaves room for what the runtime counts on top, and bounds what
/// pointers to one place, or lists of nothing, can make of few bytes.
pub(super) fn limits(bytes: &[u8]) -> ReaderOptions {
    ReaderOptions { traversal_limit_in_words: Some(bytes.len() / 8 * 2 + 64), nesting_limit: 16 }
}
