//! How ids of objects are made: 32 bytes, the md5 of the owner's id and a tag (read off releases 2.6.0 and 2.9.0).

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::message::{ClientId, ObjectId};

const HALF: usize = 16;

impl ObjectId {
    /// Where a client keeps its serializer.
    #[must_use]
    pub fn of_serializer(owner: &ClientId) -> Self {
        Self::of(owner, Md5::digest(b"serializer").into())
    }

    /// An object of a client, told from its others by `tag`.
    #[must_use]
    pub fn of(owner: &ClientId, tag: [u8; HALF]) -> Self {
        let mut id = Vec::with_capacity(2 * HALF);
        id.extend_from_slice(&Md5::digest(owner.as_bytes()));
        id.extend_from_slice(&tag);
        Self(Bytes::from(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(id: &ObjectId) -> String {
        id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn ids_are_those_of_the_releases() {
        // Made by `ObjectID.generate_serializer_object_id(ClientID(b"Client|0123"))` of release 2.9.0.
        let client = ClientId::from(&b"Client|0123"[..]);
        let serializer = hex(&ObjectId::of_serializer(&client));
        assert_eq!(serializer, "23bd327dabb7c0ee2741803ffe80771184f6fb7cd5cd53b5679489a29396448f");
        assert_eq!(hex(&ObjectId::of(&client, [0xab; 16])), format!("{}{}", &serializer[..32], "ab".repeat(16)));
    }
}
