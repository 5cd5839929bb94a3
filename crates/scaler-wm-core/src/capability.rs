//! What workers can do and what tasks need: names with an optional quantity.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number::digits;

/// The value of a capability that has no quantity.
pub const NO_QUANTITY: i64 = -1;

/// A set of capabilities: each name once, with its quantity ([`NO_QUANTITY`] for none). A copy shares its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Capabilities(Arc<[(Arc<str>, i64)]>);

/// Why a text is no capability list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// An item has no name.
    #[error("a capability without a name in `{0}`: write it like linux,gpu=2")]
    NoName(String),
    /// The text after `=` is no integer.
    #[error("`{value}` is no integer: capability `{name}` takes a whole number, like {name}=2, or none")]
    Value {
        /// The capability's name.
        name: String,
        /// What stands after the `=`.
        value: String,
    },
}

impl Capabilities {
    /// Whether `other` has every capability of this set, name and value alike. The empty set is part of every set.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|(name, value)| other.get(name) == Some(value))
    }

    /// Whether `other` has every name of this set, whatever its quantity: the way in which the released policies match.
    #[must_use]
    pub fn names_are_in(&self, other: &Self) -> bool {
        self.iter().all(|(name, _)| other.get(name).is_some())
    }

    /// The quantity of `name`, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<i64> {
        let found = self.0.binary_search_by(|(known, _)| (**known).cmp(name));
        found.ok().and_then(|at| self.0.get(at)).map(|(_, value)| *value)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and quantities, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, i64)> for Capabilities {
    fn from_iter<I: IntoIterator<Item = (N, i64)>>(items: I) -> Self {
        // By way of a map: each name once, the last value counts, in the order of the names.
        let items: BTreeMap<Arc<str>, i64> = items.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self(items.into_iter().collect())
    }
}

impl FromStr for Capabilities {
    type Err = CapabilityError;

    /// Reads `linux,gpu=2`; an empty text is the empty set.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split(',')
            .map(|item| {
                let (name, value) = item.split_once('=').map_or((item, None), |(name, value)| (name, Some(value)));
                let (name, value) = (name.trim(), value.map(str::trim));
                if name.is_empty() {
                    return Err(CapabilityError::NoName(text.to_owned()));
                }
                let value = match value {
                    None => NO_QUANTITY,
                    Some(value) => digits(value)
                        .and_then(|value| value.parse().ok())
                        .ok_or_else(|| CapabilityError::Value { name: name.to_owned(), value: value.to_owned() })?,
                };
                Ok((name, value))
            })
            .collect()
    }
}

/// A map of names to quantities.
impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, i64>::deserialize(deserializer).map(Self::from_iter)
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
            if value != NO_QUANTITY {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(text: &str) -> Capabilities {
        text.parse().unwrap()
    }

    #[test]
    fn a_subset_agrees_in_name_and_value() {
        assert!(set("").is_subset_of(&set("")));
        assert!(set("").is_subset_of(&set("gpu")));
        assert!(set("gpu").is_subset_of(&set("linux,gpu")));
        assert!(!set("gpu=2").is_subset_of(&set("linux,gpu")));
        assert!(!set("gpu").is_subset_of(&set("")));
    }

    #[test]
    fn names_match_whatever_the_quantity() {
        assert!(set("gpu=2").names_are_in(&set("linux,gpu")));
        assert!(set("").names_are_in(&set("")));
        assert!(!set("gpu,linux").names_are_in(&set("gpu")));
    }

    #[test]
    fn refuses_what_has_no_name_or_no_number() {
        assert!("gpu,,linux".parse::<Capabilities>().unwrap_err().to_string().contains("without a name"));
        assert!(" ".parse::<Capabilities>().is_err());
        assert_eq!("gpu=1_000".parse::<Capabilities>().unwrap(), set("gpu=1000"));
        assert!("=2".parse::<Capabilities>().is_err());
        assert!("gpu=two".parse::<Capabilities>().unwrap_err().to_string().contains("`two` is no integer"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(items in prop::collection::btree_map("[a-z]{1,8}", -1_i64..100, 0..6)) {
            let set: Capabilities = items.into_iter().collect();
            prop_assert_eq!(set.to_string().parse::<Capabilities>().unwrap(), set);
        }
    }
}
