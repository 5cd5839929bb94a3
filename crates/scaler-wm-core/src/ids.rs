//! Names that travel across the seams: a type each, so that none is taken for another.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text of this id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

text_id! {
    /// A worker manager, as the scheduler knows it (`worker_manager_id`).
    ManagerId
}
text_id! {
    /// One unit of infrastructure, by the name that the infrastructure gives it (a worker's name, a task's ARN, an
    /// instance id).
    UnitId
}
text_id! {
    /// One launch call of ours, from before it is made until its units are gone.
    LaunchId
}
text_id! {
    /// The idempotency token of a launch, which clouds accept too: ASCII, at most 64 characters.
    Token
}
text_id! {
    /// A way of getting units (instance type, subnet, market); providers with one way have the tier `default`.
    Tier
}

impl Default for Tier {
    fn default() -> Self {
        Self::from("default")
    }
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(Arc<[u8]>);

        impl $name {
            /// The bytes of this id, as they travel.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl<T: AsRef<[u8]> + ?Sized> From<&T> for $name {
            fn from(bytes: &T) -> Self {
                Self(bytes.as_ref().into())
            }
        }

        // A map keyed by this id can be asked with the bytes of a message, without making an id first.
        impl std::borrow::Borrow<[u8]> for $name {
            fn borrow(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

bytes_id! {
    /// A worker, as the scheduler knows it: bytes on the wire, readable text in every release so far.
    WorkerId
}
bytes_id! {
    /// A task, as the scheduler knows it: 16 random bytes in every release so far.
    TaskId
}

impl WorkerId {
    /// What stands between the `|` of this id.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'|')
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// In hexadecimal: it is no text.
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One piece for an id of the usual length: this is done for every task.
        for bytes in self.0.chunks(16) {
            let mut digits = [0; 32];
            for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
                pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            }
            f.write_str(str::from_utf8(&digits[..2 * bytes.len()]).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_shown_in_hexadecimal_however_long_its_id_is() {
        for length in [0, 1, 15, 16, 17, 40] {
            let bytes: Vec<u8> = (0..length).map(|index| (index * 6) ^ 0xa5).collect();
            let shown: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(TaskId::from(&bytes).to_string(), shown);
        }
    }
}
