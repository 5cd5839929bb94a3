//! What is looked at before anything is started: a line each, and what to do.

use std::fmt;

/// One thing that was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in a few words: `scheduler`, `subnet subnet-0123`.
    pub name: String,
    /// What was found.
    pub finding: Finding,
}

/// What a look has found.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Finding {
    /// It in a word, for people and programs: `ok`, `warning`, `failed` or `skipped`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Good { .. } => "ok",
            Self::Doubtful { .. } => "warning",
            Self::Bad { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// What was found, or why nothing was looked for.
    #[must_use]
    pub fn found(&self) -> &str {
        match self {
            Self::Good { found } | Self::Doubtful { found, .. } | Self::Bad { found, .. } | Self::Skipped { found } => {
                found
            }
        }
    }

    /// What to do, where something is to be done.
    #[must_use]
    pub fn todo(&self) -> Option<&str> {
        match self {
            Self::Doubtful { todo, .. } | Self::Bad { todo, .. } => Some(todo),
            Self::Good { .. } | Self::Skipped { .. } => None,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.finding.found())?;
        match self.finding.todo() {
            Some(todo) => write!(f, "; {todo}"),
            None => Ok(()),
        }
    }
}
