//! Exceptions of ours, for clients whose tasks came to nothing.

use bytes::Bytes;

use super::opcode::{BINUNICODE, GLOBAL, PROTO, REDUCE, STOP, TUPLE1};

/// The longest text of an exception in bytes.
const LONGEST: usize = 64 * 1024;

/// A pickled `RuntimeError` with this text, shortened where it is very long. Every Python reads it.
#[must_use]
pub fn exception(text: &str) -> Bytes {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut pickle = vec![PROTO, 2, GLOBAL];
    pickle.extend_from_slice(b"builtins\nRuntimeError\n");
    pickle.push(BINUNICODE);
    pickle.extend_from_slice(&u32::try_from(text.len()).unwrap_or_default().to_le_bytes());
    pickle.extend_from_slice(text.as_bytes());
    pickle.extend_from_slice(&[TUPLE1, REDUCE, STOP]);
    Bytes::from(pickle)
}
