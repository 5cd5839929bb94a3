//! Scaling and allocation policies by their names. A further policy is a file of its own (with its `mod` line) and a line here.

use std::sync::Arc;

use super::{
    Allocator, PolicyError, Pricing, Scaling,
    allocation::{ByCapability, EvenLoad},
    keys::Keys,
    scaling::{CapabilityScaling, NoScaling, TargetWait, Vanilla},
};

/// Names that `scaling=` takes.
pub(super) const SCALING: Names<NewScaling> = &[
    ("no", |_| Ok(Arc::new(NoScaling))),
    ("vanilla", |_| Ok(Arc::new(Vanilla))),
    ("capability", |_| Ok(Arc::new(CapabilityScaling))),
    // Of our own.
    ("target_wait", |keys| Ok(Arc::new(TargetWait::read(keys)?))),
];

/// Names that `allocate=` takes.
pub(super) const ALLOCATION: Names<NewAllocator> = &[("even_load", || Box::new(EvenLoad::default())), BY_CAPABILITY];

/// What tasks with capabilities need.
pub(super) const BY_CAPABILITY: (&str, NewAllocator) = ("capability", || Box::new(ByCapability::default()));

pub(super) type Names<T> = &'static [(&'static str, T)];
/// Takes its own keys out of those of the string.
pub(super) type NewScaling = fn(&mut Keys<'_>) -> Result<Arc<dyn Scaling>, PolicyError>;
pub(super) type NewAllocator = fn() -> Box<dyn Allocator>;

/// The names that `scaling=` takes in a policy of type `simple`.
pub const SCALING_NAMES: [&str; SCALING.len()] = names(SCALING);

/// The names that `allocate=` takes in a policy of type `simple`.
pub const ALLOCATION_NAMES: [&str; ALLOCATION.len()] = names(ALLOCATION);

/// The names of a table.
pub(super) const fn names<T, const N: usize>(table: Names<T>) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = table[at].0;
        at += 1;
    }
    names
}

/// What a reader makes of a policy string.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) scaling_name: &'static str,
    pub(super) scaling: Arc<dyn Scaling>,
    pub(super) allocation: (&'static str, NewAllocator),
    pub(super) notes: Vec<String>,
    /// Where there is a budget.
    pub(super) pricing: Option<Arc<Pricing>>,
}
