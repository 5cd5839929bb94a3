//! Ids as they travel: bytes.

use std::fmt;

use bytes::Bytes;

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Bytes);

        impl $name {
            /// The bytes of this id, as they travel.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<&[u8]> for $name {
            fn from(bytes: &[u8]) -> Self {
                Self(Bytes::copy_from_slice(bytes))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.escape_ascii())
            }
        }
    };
}

byte_id! {
    /// A task: 16 random bytes in the releases so far.
    TaskId
}
byte_id! {
    /// A client: `Client|{uuid hex}` in the releases so far.
    ClientId
}
byte_id! {
    /// An object: 32 bytes, the md5 of its owner's id and a tag of 16 bytes.
    ObjectId
}
