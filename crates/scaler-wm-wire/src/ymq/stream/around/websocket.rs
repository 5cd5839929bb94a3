//! WebSocket around a stream: bytes in binary messages, whose bounds mean nothing (read off releases 2.6.0 and 2.9.0).

use std::{future::ready, io};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use scaler_wm_core::Address;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use super::Stream;
use crate::{Error, ErrorKind, Result};

/// What is read, and written, at once.
const BUFFER: usize = 16 * 1024;
/// A message carries at most this much more than the longest frame: its length, and what came before it.
const AROUND_A_FRAME: u64 = 64 * 1024;

fn config(max_frame: u64) -> WebSocketConfig {
    let most = usize::try_from(max_frame.saturating_add(AROUND_A_FRAME)).unwrap_or(usize::MAX);
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(most))
        .max_frame_size(Some(most))
}

/// Asks the server at `address` for a WebSocket.
pub(super) async fn connect<S>(stream: S, address: &Address, max_frame: u64) -> Result<Stream>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // Whatever protects the stream is around it already.
    let path = address.path.as_deref().unwrap_or("/");
    let port = address.port.unwrap_or_default();
    let url = format!("ws://{}:{port}{path}", address.host);
    let connected = client_async_with_config(url, stream, Some(config(max_frame))).await;
    connected.map(|(socket, _)| halves(socket)).map_err(|error| explain(error, address))
}

/// Gives a client the WebSocket that it asks for, at whichever path.
pub(super) async fn accept<S>(stream: S, max_frame: u64) -> io::Result<Stream>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    accept_async_with_config(stream, Some(config(max_frame))).await.map(halves).map_err(io::Error::other)
}

fn halves<S>(socket: WebSocketStream<S>) -> Stream
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sink, stream) = socket.split();
    let bytes = stream.filter_map(|message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            // Answered by the library; a close ends the stream.
            Ok(_) => None,
            Err(error) => Some(Err(broken(error))),
        })
    });
    let messages = sink.sink_map_err(broken).with(|bytes: Bytes| ready(Ok::<_, io::Error>(Message::Binary(bytes))));
    Stream { reader: Box::new(StreamReader::new(bytes)), writer: Box::new(SinkWriter::new(CopyToBytes::new(messages))) }
}

fn broken(error: tungstenite::Error) -> io::Error {
    match error {
        tungstenite::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}

fn explain(error: tungstenite::Error, address: &Address) -> Error {
    use tungstenite::Error as Ws;
    let (kind, what) = match &error {
        Ws::Http(response) => {
            (ErrorKind::OtherTransport, format!("it answered {}: is the path right?", response.status()))
        }
        Ws::Io(_) => (ErrorKind::Io, String::new()),
        Ws::Url(_) | Ws::HttpFormat(_) => (ErrorKind::Address, "it is no address of a WebSocket".to_owned()),
        _ => {
            let what = "what it says is no WebSocket: if it listens without, the address begins with tcp:// or tls://";
            (ErrorKind::OtherTransport, what.to_owned())
        }
    };
    match error {
        Ws::Io(error) => Error::new(kind, "connect", address.to_string()).with_source(error),
        // What it says says nothing to anybody but to those who wrote it.
        _ => Error::new(kind, "connect", format!("{address}: {what}")),
    }
}
