//! What both versions have in common; `super` is the version.

pub(super) mod read;
mod read_state;
pub(super) mod write;
mod write_state;

use capnp::{message, serialize};

use super::{
    super::{Fail, Room, limits},
    schema,
};
use crate::{Error, Result, message::Message};

const DECODE: &str = "decode a message";
const ENCODE: &str = "encode a message";

/// Decodes one frame.
pub(crate) fn decode(bytes: &[u8]) -> Result<Message> {
    let malformed = |error: capnp::Error| -> Error { Fail::from(error).into_error(DECODE) };
    let mut rest = bytes;
    let frame = serialize::read_message_from_flat_slice_no_alloc(&mut rest, limits(bytes)).map_err(malformed)?;
    let root = frame.get_root::<schema::message::Reader<'_>>().map_err(malformed)?;
    read::message(root, &Room::of(bytes)).map_err(|fail| fail.into_error(DECODE))
}

/// Encodes one frame.
pub(crate) fn encode(message: &Message) -> Result<Vec<u8>> {
    let mut frame = message::Builder::new_default();
    write::message(frame.init_root(), message).map_err(|fail| fail.into_error(ENCODE).with_context(message.name()))?;
    Ok(serialize::write_message_to_words(&frame))
}
