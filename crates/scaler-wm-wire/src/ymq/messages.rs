//! Messages over a connection.

use super::{FrameReceiver, FrameSender, Version};
use crate::{Message, Result};

/// Sends messages in the version of its connection.
#[derive(Debug)]
pub struct MessageSender {
    frames: FrameSender,
    version: Version,
}

impl MessageSender {
    /// Encodes for `version` what is sent through `frames`.
    #[must_use]
    pub const fn new(frames: FrameSender, version: Version) -> Self {
        Self { frames, version }
    }

    /// Sends one message; cancel safe like [`FrameSender::send`].
    ///
    /// # Errors
    ///
    /// Those of [`Message::encode`], after which the connection is as good as before, and of [`FrameSender::send`].
    pub async fn send(&mut self, message: &Message) -> Result<()> {
        let frame = message.encode(self.version)?;
        self.frames.send(&frame).await
    }

    /// Takes one message without sending it: [`MessageSender::flush`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Message::encode`] and of [`FrameSender::queue`]; the connection is as good as before.
    pub fn queue(&mut self, message: &Message) -> Result<()> {
        let frame = message.encode(self.version)?;
        self.frames.queue(&frame)
    }

    /// Bytes that were taken and have not been sent.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.frames.waiting()
    }

    /// Waits until the operating system took all messages. Cancel safe.
    ///
    /// # Errors
    ///
    /// Those of [`FrameSender::flush`].
    pub async fn flush(&mut self) -> Result<()> {
        self.frames.flush().await
    }

    /// The version that messages are sent in.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Sends what is left and ends our direction.
    ///
    /// # Errors
    ///
    /// Those of [`FrameSender::close`].
    pub async fn close(self) -> Result<()> {
        self.frames.close().await
    }
}

/// Receives messages in the version of its connection.
#[derive(Debug)]
pub struct MessageReceiver {
    frames: FrameReceiver,
    version: Version,
}

impl MessageReceiver {
    /// Decodes for `version` what comes through `frames`.
    #[must_use]
    pub const fn new(frames: FrameReceiver, version: Version) -> Self {
        Self { frames, version }
    }

    /// The next message; `None` after a clean end. Cancel safe.
    ///
    /// # Errors
    ///
    /// Those of [`FrameReceiver::recv`]. With [`ErrorKind::Malformed`](crate::ErrorKind::Malformed), and only then, the
    /// connection is still good: the next call goes on with the next frame.
    pub async fn recv(&mut self) -> Result<Option<Message>> {
        Ok(self.recv_sized().await?.map(|(message, _)| message))
    }

    /// The next message, and the length of the frame in which it came; else as [`MessageReceiver::recv`].
    ///
    /// # Errors
    ///
    /// Those of [`MessageReceiver::recv`].
    pub async fn recv_sized(&mut self) -> Result<Option<(Message, usize)>> {
        // No await follows the receipt of the frame, so cancelling loses nothing.
        let Some(frame) = self.frames.recv().await? else { return Ok(None) };
        Message::decode(&frame, self.version).map(|message| Some((message, frame.len())))
    }

    /// The version that messages are received in.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }
}
