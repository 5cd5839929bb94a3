//! Policies by their names. A further policy is a file of its own (with its `mod` line) and a line here.

use std::sync::Arc;

use super::{
    Allocator, Engine, Ledger, PolicyError, Pricing, Scaling,
    allocation::{ByCapability, EvenLoad},
    error::meant,
    keys::Keys,
    scaling::{CapabilityScaling, NoScaling, TargetWait, Vanilla},
    simple, waterfall,
};

/// Policy engine types, each with what reads its strings.
const ENGINES: Names<Read> =
    &[("simple", simple::read), ("waterfall_v1", waterfall::read), ("waterfall_v2", waterfall::read_v2)];

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
pub(super) type Read = fn(&str) -> Result<Parts, PolicyError>;
/// Takes its own keys out of those of the string.
pub(super) type NewScaling = fn(&mut Keys<'_>) -> Result<Arc<dyn Scaling>, PolicyError>;
pub(super) type NewAllocator = fn() -> Box<dyn Allocator>;

/// The names of the policy engine types; the first one is the default.
pub const ENGINE_TYPES: [&str; ENGINES.len()] = names(ENGINES);

/// The names that `scaling=` takes in a policy of type `simple`.
pub const SCALING_NAMES: [&str; SCALING.len()] = names(SCALING);

/// The names that `allocate=` takes in a policy of type `simple`.
pub const ALLOCATION_NAMES: [&str; ALLOCATION.len()] = names(ALLOCATION);

const fn names<T, const N: usize>(table: Names<T>) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = table[at].0;
        at += 1;
    }
    names
}

/// What a policy string says.
#[derive(Clone, Debug)]
pub struct Policy {
    engine_type: &'static str,
    parts: Parts,
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

impl Policy {
    /// Reads `content`, which is written for `engine_type`, one of [`ENGINE_TYPES`].
    ///
    /// # Errors
    /// When it cannot be followed: what is wrong, where, and what is allowed.
    pub fn new(engine_type: &str, content: &str) -> Result<Self, PolicyError> {
        let found = ENGINES.iter().find(|(name, _)| *name == engine_type);
        let (engine_type, read) = *found.ok_or_else(|| PolicyError::EngineType {
            given: engine_type.to_owned(),
            meant: meant(engine_type, ENGINE_TYPES),
            known: ENGINE_TYPES.join(", "),
        })?;
        Ok(Self { engine_type, parts: read(content)? })
    }

    /// The type of policy engine.
    #[must_use]
    pub const fn engine_type(&self) -> &'static str {
        self.engine_type
    }

    /// The name of the scaling policy.
    #[must_use]
    pub const fn scaling(&self) -> &'static str {
        self.parts.scaling_name
    }

    /// The name of the allocation policy.
    #[must_use]
    pub const fn allocation(&self) -> &'static str {
        self.parts.allocation.0
    }

    /// What is allowed and yet probably not meant: for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.parts.notes
    }

    /// An engine that follows this policy and knows of nothing yet.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine::new(self.scaling(), Arc::clone(&self.parts.scaling))
    }

    /// The ledger of its budget, in which nothing has been spent yet; none if it has no budget.
    #[must_use]
    pub fn ledger(&self) -> Option<Arc<Ledger>> {
        self.parts.pricing.as_deref().cloned().map(Ledger::new).map(Arc::new)
    }

    /// An allocator that follows this policy and has no workers yet.
    #[must_use]
    pub fn allocator(&self) -> Box<dyn Allocator> {
        (self.parts.allocation.1)()
    }
}
