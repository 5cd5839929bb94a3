//! Frames out of a stream of bytes, without any input or output.

use bytes::{Buf, Bytes, BytesMut};

use crate::{Error, ErrorKind, Result};

/// The longest frame that is read or written unless told otherwise, in bytes: what a Cap'n Proto data field can hold.
pub const MAX_FRAME: u64 = (1 << 29) - 1;

/// The longest message that is taken from a scheduler or its monitor, in bytes: a report on a hundred thousand workers fits.
/// Objects of a storage may be longer.
pub const LARGEST_MESSAGE: u64 = 64 * 1024 * 1024;

/// Bytes of the length in front of every frame.
pub(super) const HEADER: usize = 8;

/// Room made for one read. Small, since most connections are idle most of the time.
const SMALL_READ: usize = 4 * 1024;

/// Room made for one read in the middle of a long frame.
const LARGE_READ: usize = 256 * 1024;

/// Cuts a stream of bytes into frames.
///
/// A length is a claim of the peer: it is compared with a bound, and memory grows only with the bytes that arrive.
#[derive(Debug)]
pub struct FrameDecoder {
    buffer: BytesMut,
    max: u64,
}

impl FrameDecoder {
    /// Refuses frames of more than `max` bytes.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Self { buffer: BytesMut::new(), max }
    }

    /// The same bytes under another bound.
    pub(super) fn with_max(self, max: u64) -> Self {
        Self { max, ..self }
    }

    /// Takes bytes of the stream, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The buffer that the next bytes are read into, with room for some.
    pub(super) fn space(&mut self) -> &mut BytesMut {
        let missing = self.claimed().map_or(0, |length| length.saturating_sub((self.buffer.len() - HEADER) as u64));
        let room = usize::try_from(missing).unwrap_or(LARGE_READ).clamp(SMALL_READ, LARGE_READ);
        self.buffer.reserve(room);
        &mut self.buffer
    }

    /// The next whole frame; `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Oversized`] when the peer announced more than the bound. The stream is useless from there on.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>> {
        let Some(length) = self.claimed() else { return Ok(None) };
        if length > self.max {
            let context = format!("the peer announced {length} bytes, at most {} are taken", self.max);
            return Err(Error::new(ErrorKind::Oversized, "read a frame", context));
        }
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        if self.buffer.len() - HEADER < length {
            return Ok(None);
        }
        self.buffer.advance(HEADER);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// Whether the stream may end here without loss.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Bytes pushed and not yet handed out.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn claimed(&self) -> Option<u64> {
        self.buffer.first_chunk::<HEADER>().map(|header| u64::from_le_bytes(*header))
    }
}

/// Appends `frame` with its length in front.
pub(super) fn append(buffer: &mut BytesMut, frame: &[u8]) {
    buffer.reserve(HEADER + frame.len());
    buffer.extend_from_slice(&(frame.len() as u64).to_le_bytes());
    buffer.extend_from_slice(frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_length_reserves_next_to_nothing() {
        let mut decoder = FrameDecoder::new(MAX_FRAME);
        decoder.push(&MAX_FRAME.to_le_bytes());
        assert!(decoder.next_frame().unwrap().is_none());
        assert!(decoder.space().capacity() <= 2 * LARGE_READ);
    }

    #[test]
    fn a_length_beyond_the_bound_is_refused_at_once() {
        for claimed in [11, 1 << 63, u64::MAX] {
            let mut decoder = FrameDecoder::new(10);
            decoder.push(&u64::to_le_bytes(claimed));
            assert_eq!(decoder.next_frame().unwrap_err().kind(), ErrorKind::Oversized);
        }
    }

    #[test]
    fn frames_of_no_bytes_are_frames() {
        let mut decoder = FrameDecoder::new(10);
        decoder.push(&[0; 16]);
        assert_eq!(decoder.next_frame().unwrap().unwrap(), Bytes::new());
        assert_eq!(decoder.next_frame().unwrap().unwrap(), Bytes::new());
        assert!(decoder.next_frame().unwrap().is_none());
        assert!(decoder.is_empty());
    }
}
