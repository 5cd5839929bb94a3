//! Policies by the names of their types. A further type is a file of its own that reads its strings, and a line here.

use std::sync::Arc;

use super::{
    Allocator, Engine, Ledger, PolicyError,
    error::meant,
    parts::{Names, Parts, names},
    simple, waterfall,
};

type Read = fn(&str) -> Result<Parts, PolicyError>;

/// Policy engine types, each with what reads its strings.
const ENGINES: Names<Read> =
    &[("simple", simple::read), ("waterfall_v1", waterfall::read), ("waterfall_v2", waterfall::read_v2)];

/// The names of the policy engine types; the first one is the default.
pub const ENGINE_TYPES: [&str; ENGINES.len()] = names(ENGINES);

/// What a policy string says.
#[derive(Clone, Debug)]
pub struct Policy {
    engine_type: &'static str,
    parts: Parts,
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
