//! What is looked at before anything is started: a line each, and what to do.

use std::fmt;

use serde::Serialize;

/// One thing that was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, in a few words: `scheduler`, `subnet subnet-0123`.
    pub name: String,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What a look has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Finding {
    /// It is as it should be.
    Good {
        /// What was found.
        found: String,
    },
    /// It works, but hardly as it was meant.
    Doubtful {
        /// What was found.
        found: String,
        /// What to do.
        todo: String,
    },
    /// A manager would not work.
    Bad {
        /// What was found.
        found: String,
        /// What to do.
        todo: String,
    },
    /// It was not looked at.
    Skipped {
        /// Why.
        found: String,
    },
}

impl Check {
    /// It is as it should be.
    #[must_use]
    pub fn good(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Good { found: found.into() } }
    }

    /// It works, but hardly as it was meant.
    #[must_use]
    pub fn doubtful(name: impl Into<String>, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Doubtful { found: found.into(), todo: todo.into() } }
    }

    /// A manager would not work.
    #[must_use]
    pub fn bad(name: impl Into<String>, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Bad { found: found.into(), todo: todo.into() } }
    }

    /// It was not looked at, since something else is wrong, or nobody can tell from here.
    #[must_use]
    pub fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Skipped { found: why.into() } }
    }

    /// Whether a manager would not work.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self.finding, Finding::Bad { .. })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.finding {
            Finding::Good { found } => write!(f, "ok       {name}: {found}"),
            Finding::Doubtful { found, todo } => write!(f, "warning  {name}: {found}; {todo}"),
            Finding::Bad { found, todo } => write!(f, "failed   {name}: {found}; {todo}"),
            Finding::Skipped { found } => write!(f, "skipped  {name}: {found}"),
        }
    }
}
