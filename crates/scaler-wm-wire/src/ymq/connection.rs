//! A connection that is up.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    Identity, MessageReceiver, MessageSender, Version,
    frame::{FrameDecoder, append},
    stream::{Reader, Stream, Writer},
};
use crate::{Error, ErrorKind, Result};

/// The most that is written at once: a WebSocket makes a message of it, and copies what is left of that again and again.
const PIECE: usize = 64 * 1024;

/// A connection that is up: both sides know each other's version and identity.
pub struct Connection {
    version: Version,
    peer: Identity,
    sender: FrameSender,
    receiver: FrameReceiver,
}

impl Connection {
    pub(super) fn new(stream: Stream, version: Version, peer: Identity, decoder: FrameDecoder, max: u64) -> Self {
        let sender = FrameSender { writer: stream.writer, pending: BytesMut::new(), max };
        Self { version, peer, sender, receiver: FrameReceiver { reader: stream.reader, decoder } }
    }

    /// The version that both sides speak.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The identity of the other side.
    #[must_use]
    pub const fn peer(&self) -> &Identity {
        &self.peer
    }

    /// Both directions, to be used at the same time. Dropping the sender of a `tcp://` or `ipc://` connection ends ours
    /// (FIN).
    #[must_use]
    pub fn split(self) -> (FrameSender, FrameReceiver) {
        (self.sender, self.receiver)
    }

    /// Both directions, for messages in the version that was agreed on.
    #[must_use]
    pub fn into_messages(self) -> (MessageSender, MessageReceiver) {
        (MessageSender::new(self.sender, self.version), MessageReceiver::new(self.receiver, self.version))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("version", &self.version).field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// Writes frames.
pub struct FrameSender {
    writer: Writer,
    /// What was accepted and not yet taken by the stream.
    pending: BytesMut,
    max: u64,
}

impl FrameSender {
    /// Sends one frame and waits until the operating system took it.
    ///
    /// Cancel safe in this sense: a frame that was begun is completed by the next call, never cut short.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Oversized`] when the frame is longer than the bound; nothing is sent then. [`ErrorKind::Io`] when
    /// the connection broke.
    pub async fn send(&mut self, frame: &[u8]) -> Result<()> {
        self.queue(frame)?;
        self.flush().await
    }

    /// Takes a frame without sending it: [`FrameSender::flush`] does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Oversized`] when the frame is longer than the bound.
    pub fn queue(&mut self, frame: &[u8]) -> Result<()> {
        if frame.len() as u64 > self.max {
            let context = format!("{} bytes, at most {} are sent", frame.len(), self.max);
            return Err(Error::new(ErrorKind::Oversized, "send a frame", context));
        }
        append(&mut self.pending, frame);
        Ok(())
    }

    /// Bytes that were taken and have not been sent.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Waits until the operating system took all frames. Cancel safe.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the connection broke.
    pub async fn flush(&mut self) -> Result<()> {
        let failed = |error| Error::new(ErrorKind::Io, "send a frame", "").with_source(error);
        while self.pending.has_remaining() {
            let piece = &self.pending[..self.pending.len().min(PIECE)];
            let written = self.writer.write(piece).await.map_err(failed)?;
            if written == 0 {
                return Err(failed(std::io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(written);
        }
        // A long frame would otherwise keep its memory for as long as the connection lives.
        if self.pending.capacity() > 64 * 1024 {
            self.pending = BytesMut::new();
        }
        self.writer.flush().await.map_err(failed)
    }

    /// Sends what is left and ends our direction: the peer sees a clean end (FIN).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the connection broke.
    pub async fn close(mut self) -> Result<()> {
        self.flush().await?;
        let failed = |error| Error::new(ErrorKind::Io, "close a connection", "").with_source(error);
        self.writer.shutdown().await.map_err(failed)
    }
}

impl fmt::Debug for FrameSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSender").field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

/// Reads frames.
pub struct FrameReceiver {
    reader: Reader,
    decoder: FrameDecoder,
}

impl FrameReceiver {
    /// The next frame; `None` after a clean end (FIN between frames). Cancel safe.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the connection broke (reset, time-out), [`ErrorKind::Truncated`] when it ended in the
    /// middle of a frame, [`ErrorKind::Oversized`] when the peer announced too long a frame. The connection is of no
    /// use after any of them.
    pub async fn recv(&mut self) -> Result<Option<Bytes>> {
        const OPERATION: &str = "receive a frame";
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                return Ok(Some(frame));
            }
            // Bytes that were read are in the decoder before anything else is awaited, so none gets lost.
            if read_some(&mut self.reader, &mut self.decoder, OPERATION).await? > 0 {
                continue;
            }
            if self.decoder.is_empty() {
                return Ok(None);
            }
            let context = format!("the connection ended after {} bytes of it", self.decoder.buffered());
            return Err(Error::new(ErrorKind::Truncated, OPERATION, context));
        }
    }
}

impl fmt::Debug for FrameReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReceiver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

/// Reads what is there; 0 bytes at the end of the stream. Cancel safe.
pub(super) async fn read_some(
    reader: &mut Reader,
    decoder: &mut FrameDecoder,
    operation: &'static str,
) -> Result<usize> {
    reader.read_buf(decoder.space()).await.map_err(|error| Error::new(ErrorKind::Io, operation, "").with_source(error))
}
