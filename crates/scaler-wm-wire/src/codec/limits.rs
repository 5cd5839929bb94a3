//! How much work bytes from outside may make.

use std::cell::Cell;

use capnp::message::ReaderOptions;

use super::{Coded, Fail};

/// Limits for a frame of these bytes.
///
/// Every part of a frame is read once. Twice its size leaves room for what the runtime counts on top, and bounds what
/// pointers to one place, or lists of nothing, can make of few bytes.
pub(super) fn limits(bytes: &[u8]) -> ReaderOptions {
    ReaderOptions { traversal_limit_in_words: Some(bytes.len() / 8 * 2 + 64), nesting_limit: 16 }
}

/// How many bytes the lists of one message may take once they are decoded.
///
/// An entry of nothing costs a peer next to nothing, and takes as much room here as a full one. Those of the releases take at
/// most three times as much as their bytes did.
#[derive(Debug)]
pub(super) struct Room(Cell<usize>);

impl Room {
    /// For a frame of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Cell::new(bytes.len().saturating_mul(4).saturating_add(64 * 1024)))
    }

    /// Takes room for a list of so many entries, before there is one.
    pub(super) fn list<T>(&self, entries: u32) -> Coded<()> {
        let needed = (entries as usize).saturating_mul(size_of::<T>());
        let left = self.0.get().checked_sub(needed);
        self.0.set(left.ok_or_else(|| Fail::from(capnp::Error::failed(TOO_MANY.to_owned())))?);
        Ok(())
    }
}

const TOO_MANY: &str = "its lists have more entries than bytes for them";
