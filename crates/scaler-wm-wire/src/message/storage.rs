//! Headers of the object storage server, the same in both versions.
//!
//! A request is one frame with an [`ObjectRequestHeader`] and, to set or duplicate, one with the payload. A response is
//! one frame with an [`ObjectResponseHeader`] and, where its payload length is above 0, one with the payload.

use super::ObjectId;
use crate::{Result, codec};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectRequestKind {
    /// Keep the payload that follows.
    Set,
    /// Send the payload, once the object exists.
    Get,
    /// Forget the object.
    Delete,
    /// Keep the object's payload under the id that follows as well.
    Duplicate,
    /// Send totals.
    InfoTotal,
}

/// First frame of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRequestHeader {
    /// The object: exactly 32 bytes.
    pub object: ObjectId,
    /// Bytes of the payload that follows; for a get the most that is taken (the largest value for all).
    pub payload_length: u64,
    /// Comes back in the response.
    pub request_id: u64,
    /// What is asked for.
    pub kind: ObjectRequestKind,
}

/// What a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectResponseKind {
    /// It is kept.
    SetOk,
    /// The payload follows.
    GetOk,
    /// It is forgotten.
    DeleteOk,
    /// There was nothing to forget.
    DeleteNotExists,
    /// It is kept under both ids.
    DuplicateOk,
    /// Totals follow.
    InfoTotalOk,
}

/// First frame of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectResponseHeader {
    /// The object: exactly 32 bytes.
    pub object: ObjectId,
    /// Bytes of the payload that follows; none follows when it is 0.
    pub payload_length: u64,
    /// The request's id.
    pub response_id: u64,
    /// What it says.
    pub kind: ObjectResponseKind,
}

impl ObjectRequestHeader {
    /// Decodes a header, as safely as [`Message::decode`](super::Message::decode) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) when the bytes are no such header.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        codec::storage::decode_request(bytes)
    }

    /// Encodes a header: 80 bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unrepresentable`](crate::ErrorKind::Unrepresentable) when the object's id has not 32 bytes.
    pub fn encode(&self) -> Result<Vec<u8>> {
        codec::storage::encode_request(self)
    }
}

impl ObjectResponseHeader {
    /// Decodes a header, as safely as [`Message::decode`](super::Message::decode) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) when the bytes are no such header.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        codec::storage::decode_response(bytes)
    }

    /// Encodes a header: 80 bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unrepresentable`](crate::ErrorKind::Unrepresentable) when the object's id has not 32 bytes.
    pub fn encode(&self) -> Result<Vec<u8>> {
        codec::storage::encode_response(self)
    }
}
