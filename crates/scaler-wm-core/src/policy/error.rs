//! What is wrong with a policy, where, and what is allowed.

use crate::options::nearest;

/// Why a policy string cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// There is no such type.
    #[error("`{given}` is no policy engine type{meant}; there is {known}")]
    EngineType {
        /// What was given.
        given: String,
        /// A hint at the nearest known one, or nothing.
        meant: String,
        /// Those that there are.
        known: String,
    },
    /// A simple policy lacks a key.
    #[error("`{key}` is missing{hint}; a simple policy is written like `{EXAMPLE}`")]
    Missing {
        /// The key.
        key: &'static str,
        /// What was passed over, or nothing.
        hint: String,
    },
    /// A simple policy has a key that it does not know.
    #[error("`{key}` is no key of a simple policy{meant}; it has {known}, like `{EXAMPLE}`")]
    Key {
        /// The key.
        key: String,
        /// A hint at the nearest known one, or nothing.
        meant: String,
        /// Those that there are.
        known: &'static str,
    },
    /// A key names a policy that is not there.
    #[error("{key}=`{given}`: there is no such policy{meant}; there is {known}{hint}")]
    Name {
        /// The key.
        key: &'static str,
        /// What was given.
        given: String,
        /// A hint at the nearest known one, or nothing.
        meant: String,
        /// Those that there are.
        known: String,
        /// What else may be wrong, or nothing.
        hint: &'static str,
    },
    /// A time is no time.
    #[error("{key}=`{given}` is no number of seconds above 0, such as {key}=5")]
    Seconds {
        /// The key.
        key: &'static str,
        /// What was given.
        given: String,
    },
    /// A line of a waterfall policy is no rule.
    #[error("line {line}: {problem}; a rule is written `{form}`")]
    Rule {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
        /// How a rule is written.
        form: &'static str,
    },
    /// A waterfall policy has no rule.
    #[error("there is no rule; each line is one, like `1,my_manager` or `2,my_other_manager,20`")]
    NoRules,
}

const EXAMPLE: &str = "allocate=even_load; scaling=vanilla";

/// ` (did you mean …?)` if one of `known` is like `given`.
pub(super) fn meant<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}
