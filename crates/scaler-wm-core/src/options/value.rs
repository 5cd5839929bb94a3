//! Values of options, and where they come from.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::{Address, Capabilities};

/// A value as it was found, before it is checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// A flag without a value, or a boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A table of texts; whole numbers are there as their digits.
    Pairs(BTreeMap<String, String>),
    /// Something else; the text names its kind.
    Other(&'static str),
}

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Whether a flag is set.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// Texts under names.
    Pairs(BTreeMap<String, String>),
    /// An address.
    Address(Address),
    /// A capability set.
    Capabilities(Capabilities),
    /// A text that is never shown.
    Secret(Secret),
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text itself, for whom it is meant.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Where a value was found, as users know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag, or the name of a position.
    CommandLine(String),
    /// An environment variable.
    Environment(&'static str),
    /// A key in a file.
    File {
        /// The file, as it was given.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The key, as it was written.
        key: String,
    },
    /// Nobody said.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine(flag) => f.write_str(flag),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::File { file, line, key } => write!(f, "{file}:{line}: {key}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Why a value, or the lack of one, is refused: where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct OptionError {
    /// Where it was found; for what is missing, where it belongs.
    pub origin: String,
    /// Why it is refused, and what to write instead.
    pub problem: String,
}

impl OptionError {
    /// A value at `origin` that cannot be.
    #[must_use]
    pub fn new(origin: impl fmt::Display, problem: impl Into<String>) -> Self {
        Self { origin: origin.to_string(), problem: problem.into() }
    }
}

/// Every option's value, with where it comes from. Asking for an option that was not declared is a mistake of the
/// caller's, and so is asking for it as another kind: both panic, at the first test that asks.
#[derive(Clone, Debug, Default)]
pub struct Values(pub(super) BTreeMap<&'static str, (Option<Value>, Origin)>);

macro_rules! getter {
    ($(#[$doc:meta])* $get:ident, $maybe:ident, $variant:ident, $type:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $get(&self, key: &str) -> $type {
            self.$maybe(key).unwrap_or_else(|| panic!("option `{key}` has no value"))
        }

        /// The same for an option that may have no value.
        #[must_use]
        pub fn $maybe(&self, key: &str) -> Option<$type> {
            match self.entry(key).0.as_ref()? {
                Value::$variant(value) => Some(value.clone()),
                other => panic!("option `{key}` is {other:?}"),
            }
        }
    };
}

impl Values {
    fn entry(&self, key: &str) -> &(Option<Value>, Origin) {
        self.0.get(key).unwrap_or_else(|| panic!("option `{key}` was not declared"))
    }

    /// Where the value of `key` comes from.
    #[must_use]
    pub fn origin(&self, key: &str) -> &Origin {
        &self.entry(key).1
    }

    /// The value of `key`, of whatever kind; `None` where it has none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).0.as_ref()
    }

    /// Whether an option of that key was declared.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.entry(key).0, Some(Value::Flag(true)))
    }

    getter! {
        /// A whole number.
        integer, maybe_integer, Integer, i64
    }
    getter! {
        /// A number.
        float, maybe_float, Float, f64
    }
    getter! {
        /// A text.
        text, maybe_text, Text, String
    }
    getter! {
        /// A list of texts.
        texts, maybe_texts, Texts, Vec<String>
    }
    getter! {
        /// Texts under names.
        pairs, maybe_pairs, Pairs, BTreeMap<String, String>
    }
    getter! {
        /// An address.
        address, maybe_address, Address, Address
    }
    getter! {
        /// A capability set.
        capabilities, maybe_capabilities, Capabilities, Capabilities
    }
    getter! {
        /// A text that is never shown.
        secret, maybe_secret, Secret, Secret
    }

    /// A whole number that fits what it is used for.
    ///
    /// # Errors
    /// When it does not.
    pub fn fitting<T: TryFrom<i64>>(&self, key: &str) -> Result<T, OptionError> {
        let number = self.integer(key);
        T::try_from(number).map_err(|_| self.problem(key, format!("{number} is too large")))
    }

    /// A number of seconds; what is longer than any process runs is as good as that, and clocks can add it.
    #[must_use]
    pub fn seconds(&self, key: &str) -> Duration {
        const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
        Duration::try_from_secs_f64(self.float(key)).unwrap_or(LONGEST).min(LONGEST)
    }

    /// Gives an option that has no value one that was worked out.
    pub fn fill(&mut self, key: &'static str, value: Value) {
        let entry = self.0.entry(key).or_insert((None, Origin::Default));
        entry.0.get_or_insert(value);
    }

    /// Gives an option another value, wherever the one before came from.
    pub fn replace(&mut self, key: &'static str, value: Value) {
        self.0.entry(key).or_insert((None, Origin::Default)).0 = Some(value);
    }

    /// A problem with the value of `key`, at the place where it comes from.
    #[must_use]
    pub fn problem(&self, key: &str, problem: impl Into<String>) -> OptionError {
        OptionError::new(self.origin(key), problem)
    }
}
