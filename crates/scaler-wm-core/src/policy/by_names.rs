//! Sets of capabilities, told apart by their names alone.

use std::hash::{Hash, Hasher};

use crate::Capabilities;

/// A set of capabilities as a key: equal names make equal keys, whatever the quantities.
#[derive(Clone, Debug)]
pub(super) struct ByNames(pub(super) Capabilities);

impl ByNames {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name)
    }
}

impl PartialEq for ByNames {
    fn eq(&self, other: &Self) -> bool {
        self.names().eq(other.names())
    }
}

impl Eq for ByNames {}

impl Hash for ByNames {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for name in self.names() {
            name.hash(state);
        }
    }
}
