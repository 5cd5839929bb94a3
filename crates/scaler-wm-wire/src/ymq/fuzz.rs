//! A peer in memory, for fuzz targets; nothing is promised about it.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Connection, Identity, Version, handshake, stream::Stream};
use crate::Result;

/// A peer that has said all it will say. It is heard in pieces, and whatever it is told is lost.
struct Peer {
    said: Vec<u8>,
    heard: usize,
    piece: usize,
}

impl AsyncRead for Peer {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = &self.said[self.heard..];
        let piece = &rest[..rest.len().min(self.piece).min(into.remaining())];
        into.put_slice(piece);
        self.heard += piece.len();
        Poll::Ready(Ok(()))
    }
}

/// What a peer has said, as far as it was a greeting and frames.
#[derive(Debug)]
pub struct Heard {
    /// The version that both sides speak.
    pub version: Version,
    /// The name of the peer.
    pub peer: Identity,
    /// Frames behind the greeting.
    pub frames: Vec<Bytes>,
    /// How the connection ended.
    pub end: Result<()>,
}

/// Greets a peer that says `said` in pieces of so many bytes, and receives what follows. With a `version`, as the side that
/// was connected to, which speaks this one only.
///
/// # Errors
/// When it is no greeting.
pub fn greet(said: &[u8], piece: usize, version: Option<Version>, max_frame: u64) -> Result<Heard> {
    at_once(async {
        let reader = Peer { said: said.to_owned(), heard: 0, piece: piece.max(1) };
        let mut stream = Stream { reader: Box::new(reader), writer: Box::new(tokio::io::sink()) };
        let own = Identity::from("fuzz");
        let (version, peer, decoder) = match version {
            None => handshake::connect(&mut stream, &own, max_frame).await?,
            Some(version) => {
                let (peer, decoder) = handshake::accept(&mut stream, &own, version, max_frame).await?;
                (version, peer, decoder)
            }
        };
        let (_, mut receiver) = Connection::new(stream, version, peer.clone(), decoder, max_frame).split();
        let mut frames = Vec::new();
        let end = loop {
            match receiver.recv().await {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        Ok(Heard { version, peer, frames, end })
    })
}

/// The outcome of a future that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("a peer in memory is always ready"),
    }
}
