//! What a binder does with each connection.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::debug;

use super::{
    BindOptions, BinderEvent, Connection, FrameReceiver, FrameSender, Identity, Version, handshake,
    peer::{Peer, Peers},
    stream::{Incoming, Listener},
};
use crate::{Error, ErrorKind, Result};

/// After a failure to accept (out of file descriptors, mostly), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What all connections of a binder share.
pub(super) struct Door {
    pub(super) identity: Identity,
    pub(super) version: Version,
    pub(super) options: BindOptions,
    pub(super) peers: Arc<Peers>,
    pub(super) events: mpsc::Sender<BinderEvent>,
}

/// Accepts connections until the binder is dropped.
pub(super) async fn accept_all(listener: Listener, door: Arc<Door>) {
    let mut numbers = 0..;
    let mut greeting: JoinSet<Option<Connection>> = JoinSet::new();
    let mut serving = JoinSet::new();
    loop {
        tokio::select! {
            // Accepting is cancel safe: a connection stays in the queue of the listener until it is handed out.
            accepted = listener.accept(), if greeting.len() < door.options.greeting_peers.max(1) => match accepted {
                Ok(incoming) => {
                    let door = Arc::clone(&door);
                    greeting.spawn(async move { greet(incoming, &door).await });
                }
                Err(error) => {
                    debug!(%error, "failed to accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            // Joining is cancel safe: a result stays in the set until it is handed out.
            Some(greeted) = greeting.join_next() => {
                if let (Ok(Some(connection)), Some(number)) = (greeted, numbers.next()) {
                    admit(connection, &door, number, &mut serving).await;
                }
            }
            // The same. Who was replaced or disconnected ends with an error of the join: nothing is left to say.
            Some(served) = serving.join_next() => {
                if let Ok((peer, number, ended)) = served
                    && door.peers.leave(&peer, number)
                {
                    // Nobody listens to a binder that is being dropped.
                    let _ = door.events.send(BinderEvent::Gone(peer, ended.err())).await;
                }
            }
        }
    }
}

async fn greet(incoming: Incoming, door: &Door) -> Option<Connection> {
    let limit = door.options.handshake_timeout;
    let refused = match timeout(limit, welcome(incoming, door)).await {
        Ok(Ok(connection)) => return Some(connection),
        Ok(Err(error)) => error,
        Err(_) => {
            let context = format!("it did not name itself within {} ms", limit.as_millis());
            Error::new(ErrorKind::TimedOut, "greet the peer", context)
        }
    };
    // Nobody listens to a binder that is being dropped.
    let _ = door.events.send(BinderEvent::Refused(refused)).await;
    None
}

/// Learns who came. The end of our direction has gone out before an error is heard of.
async fn welcome(incoming: Incoming, door: &Door) -> Result<Connection> {
    let max = door.options.max_frame;
    let opened = incoming.open().await;
    let mut stream = opened.map_err(|error| Error::new(ErrorKind::Io, "greet the peer", "").with_source(error))?;
    let (peer, decoder) = handshake::accept(&mut stream, &door.identity, door.version, max).await?;
    Ok(Connection::new(stream, door.version, peer, decoder, max))
}

/// How serving one connection ended.
type Served = (Identity, u64, Result<()>);

/// Gives a connection its identity; whoever had it is closed first.
async fn admit(connection: Connection, door: &Door, number: u64, serving: &mut JoinSet<Served>) {
    let identity = connection.peer().clone();
    let (frames, queue) = mpsc::channel(door.options.peer_queue.max(1));
    let (start, started) = oneshot::channel();
    let (guard, ended) = oneshot::channel();
    let task = serving.spawn(serve(guard, connection, door.events.clone(), number, queue, started));
    let replaced = door.peers.enter(identity.clone(), Peer { number, frames, task, ended });
    if let Some(old) = replaced {
        old.task.abort();
        // The guard of the old one is dropped after its sockets: no frame of it comes after the word that it is gone.
        let _ = old.ended.await;
        let error = Error::new(ErrorKind::Replaced, "keep the connection", format!("{identity} connected again"));
        let _ = door.events.send(BinderEvent::Gone(identity.clone(), Some(error))).await;
    }
    let _ = door.events.send(BinderEvent::Connected(identity)).await;
    // Its frames come after the word that it is there.
    let _ = start.send(());
}

async fn serve(
    _guard: oneshot::Sender<()>,
    connection: Connection,
    events: mpsc::Sender<BinderEvent>,
    number: u64,
    queue: mpsc::Receiver<Bytes>,
    started: oneshot::Receiver<()>,
) -> Served {
    let peer = connection.peer().clone();
    let (sender, receiver) = connection.split();
    // It fails only when the binder is being dropped, and then so is this task.
    let _ = started.await;
    let ended = tokio::select! {
        // Neither is started again, so nothing is lost but what the end of the connection loses anyway.
        ended = read(receiver, &peer, &events) => ended,
        ended = write(sender, queue) => ended,
    };
    (peer, number, ended)
}

async fn read(mut receiver: FrameReceiver, peer: &Identity, events: &mpsc::Sender<BinderEvent>) -> Result<()> {
    while let Some(frame) = receiver.recv().await? {
        if events.send(BinderEvent::Frame(peer.clone(), frame)).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn write(mut sender: FrameSender, mut queue: mpsc::Receiver<Bytes>) -> Result<()> {
    while let Some(frame) = queue.recv().await {
        sender.send(&frame).await?;
    }
    // The queue ends when the peer was taken out, and then this task is being aborted.
    std::future::pending().await
}
