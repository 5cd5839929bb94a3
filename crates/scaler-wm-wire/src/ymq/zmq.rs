//! The package's ZeroMQ backend, brought to the form of YMQ.
//!
//! One ZeroMQ message is one message of Scaler's: a scheduler has a ROUTER, its monitor a PUB (read off releases 2.6.0 and
//! 2.9.0). A task stands between the socket and a stream on which it greets as a YMQ binder would, so that whoever
//! connects need not know.

use std::time::Duration;

use bytes::Bytes;
use scaler_wm_core::{Address, Scheme};
use tokio::{
    io::{duplex, split},
    time::timeout,
};
use zeromq::{
    DealerRecvHalf, DealerSendHalf, DealerSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqError,
    ZmqMessage, util::PeerIdentity,
};

use super::{Connection, FrameReceiver, FrameSender, Identity, Version, handshake, stream::Stream};
use crate::{Error, ErrorKind, Message, Result, message::StateScheduler};

const CONNECT: &str = "connect";
/// A monitor that says nothing for so long is taken for away.
const SILENT: Duration = Duration::from_secs(20);
/// Bytes between the two, before either waits.
const BETWEEN: usize = 64 * 1024;

/// Opens a stream to a scheduler, or to its monitor, if that is what `address` is.
pub(super) async fn open(address: &Address, identity: &Identity, monitor: &Address, max: u64) -> Result<Stream> {
    for address in [address, monitor] {
        if !matches!(address.scheme, Scheme::Tcp | Scheme::Ipc) {
            let context = format!("{address}: the ZeroMQ backend has tcp:// and ipc:// addresses only");
            return Err(Error::new(ErrorKind::Unsupported, CONNECT, context));
        }
    }
    let (subscriber, version, first) = listen(monitor).await?;
    let (ours, theirs) = duplex(BETWEEN);
    let theirs = stream(theirs);
    if address == monitor {
        tokio::spawn(async move {
            if let Ok(connection) = greet(theirs, version, max).await {
                publish(subscriber, first, connection).await;
            }
        });
    } else {
        drop(subscriber);
        let dealer = deal(address, identity).await?.split();
        tokio::spawn(async move {
            if let Ok(connection) = greet(theirs, version, max).await {
                relay(dealer, connection).await;
            }
        });
    }
    Ok(stream(ours))
}

fn stream(end: tokio::io::DuplexStream) -> Stream {
    let (reader, writer) = split(end);
    Stream { reader: Box::new(reader), writer: Box::new(writer) }
}

/// Greets as a binder of YMQ does.
async fn greet(mut stream: Stream, version: Version, max: u64) -> Result<Connection> {
    let (peer, decoder) = handshake::accept(&mut stream, &Identity::from("zmq"), version, max).await?;
    Ok(Connection::new(stream, version, peer, decoder, max))
}

/// Listens to a monitor until it has said in which version it speaks; with what it said.
async fn listen(monitor: &Address) -> Result<(SubSocket, Version, Bytes)> {
    let failed = |error: ZmqError| failure(error, monitor);
    let mut socket = SubSocket::new();
    socket.connect(&monitor.to_string()).await.map_err(failed)?;
    socket.subscribe("").await.map_err(failed)?;
    loop {
        if let Some(said) = payload(socket.recv().await.map_err(failed)?)
            && let Some(version) = version_of(&said)
        {
            return Ok((socket, version, said));
        }
    }
}

/// The version of what a monitor says, if that can be told: a report that is one in one version only.
fn version_of(said: &Bytes) -> Option<Version> {
    let is_report = |version: &Version| match Message::decode(said, *version) {
        Ok(Message::StateScheduler(report)) => *report != StateScheduler::default(),
        _ => false,
    };
    Version::ALL.into_iter().find(is_report)
}

async fn deal(address: &Address, identity: &Identity) -> Result<DealerSocket> {
    let failed = |error: ZmqError| failure(error, address);
    let mut options = SocketOptions::default();
    options.peer_identity(PeerIdentity::try_from(identity.as_bytes().to_vec()).map_err(failed)?);
    let mut socket = DealerSocket::with_options(options);
    socket.connect(&address.to_string()).await.map_err(failed)?;
    Ok(socket)
}

/// Hands on what is published, until nobody wants it.
async fn publish(mut socket: SubSocket, first: Bytes, connection: Connection) {
    let (mut sender, mut receiver) = connection.split();
    tokio::select! {
        // Neither is started again.
        () = hand_on(first, &mut socket, &mut sender) => {}
        // Nothing is said to a publisher: it ends when whoever listened has gone.
        _ = receiver.recv() => {}
    }
}

async fn hand_on(first: Bytes, from: &mut SubSocket, to: &mut FrameSender) {
    let mut said = Some(first);
    loop {
        if let Some(frame) = said
            && to.send(&frame).await.is_err()
        {
            return;
        }
        // The socket connects again by itself and says nothing of it; a scheduler reports every second.
        let Ok(Ok(message)) = timeout(SILENT, from.recv()).await else { return };
        said = payload(message);
    }
}

/// Hands on both ways, until one side has gone.
async fn relay((mut out, mut back): (DealerSendHalf, DealerRecvHalf), connection: Connection) {
    let (mut sender, mut receiver) = connection.split();
    tokio::select! {
        // Neither is started again.
        () = send(&mut receiver, &mut out) => {}
        () = receive(&mut back, &mut sender) => {}
    }
}

async fn send(from: &mut FrameReceiver, to: &mut DealerSendHalf) {
    while let Ok(Some(frame)) = from.recv().await {
        if to.send(ZmqMessage::from(frame)).await.is_err() {
            return;
        }
    }
}

async fn receive(from: &mut DealerRecvHalf, to: &mut FrameSender) {
    while let Ok(message) = from.recv().await {
        if let Some(frame) = payload(message)
            && to.send(&frame).await.is_err()
        {
            return;
        }
    }
}

/// The one part that each message of Scaler's has.
fn payload(message: ZmqMessage) -> Option<Bytes> {
    let mut parts = message.into_vec();
    parts.pop()
}

fn failure(error: ZmqError, address: &Address) -> Error {
    Error::new(ErrorKind::Io, CONNECT, format!("{address} (ZeroMQ)")).with_source(error)
}
