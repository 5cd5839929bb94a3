//! The binding side.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use scaler_wm_core::{Address, Scheme};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Identity, MAX_FRAME, TlsIdentity, Version,
    accept::{Door, accept_all},
    peer::Peers,
    stream::Listener,
};
use crate::{Error, ErrorKind, Result};

/// How a [`Binder`] treats its peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindOptions {
    /// What it shows to those who connect to a `tls://` or `wss://` address.
    pub tls: Option<TlsIdentity>,
    /// The longest wait until a peer has named itself.
    pub handshake_timeout: Duration,
    /// The longest frame that is read or sent, in bytes.
    pub max_frame: u64,
    /// Frames that wait for one peer before [`Binder::send`] waits too.
    pub peer_queue: usize,
    /// Events that wait for [`Binder::next`] before reading from peers stops.
    pub event_queue: usize,
    /// Peers that are greeted at the same time; further ones wait in the operating system's queue.
    pub greeting_peers: usize,
}

impl Default for BindOptions {
    fn default() -> Self {
        Self {
            tls: None,
            handshake_timeout: Duration::from_secs(5),
            max_frame: MAX_FRAME,
            peer_queue: 64,
            event_queue: 256,
            greeting_peers: 64,
        }
    }
}

/// What happens at a [`Binder`]. For one identity, `Connected` comes first and `Gone` last.
#[derive(Debug)]
pub enum BinderEvent {
    /// A peer named itself.
    Connected(Identity),
    /// A peer sent a frame.
    Frame(Identity, Bytes),
    /// A peer left: cleanly without an error, or because of it. [`ErrorKind::Replaced`] when a new connection under the
    /// same identity took its place.
    Gone(Identity, Option<Error>),
    /// A connection ended before its peer had named itself properly.
    Refused(Error),
}

/// Listens for peers and talks to them by identity, in one version. Dropping it closes all connections (FIN).
#[derive(Debug)]
pub struct Binder {
    address: Address,
    peers: Arc<Peers>,
    events: mpsc::Receiver<BinderEvent>,
    task: JoinHandle<()>,
}

impl Binder {
    /// Listens at `address` under `identity`. A TCP port of 0 becomes a free one, see [`Binder::address`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`], [`ErrorKind::Address`] or [`ErrorKind::Io`] when it cannot listen there.
    pub async fn bind(address: &Address, identity: &Identity, version: Version, options: BindOptions) -> Result<Self> {
        let (listener, address) = Listener::bind(address, &options).await?;
        let peers = Arc::new(Peers::default());
        let (sender, events) = mpsc::channel(options.event_queue.max(1));
        let door = Door { identity: identity.clone(), version, options, peers: Arc::clone(&peers), events: sender };
        let task = tokio::spawn(accept_all(listener, Arc::new(door)));
        Ok(Self { address, peers, events, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// The next event; `None` when it cannot listen any longer. Cancel safe.
    pub async fn next(&mut self) -> Option<BinderEvent> {
        self.events.recv().await
    }

    /// Queues a frame for a peer, and waits while the queue is full. Cancel safe: the frame is queued or not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownPeer`] when nobody is connected under that identity (any longer).
    pub async fn send(&self, peer: &Identity, frame: Bytes) -> Result<()> {
        let frames = self.peers.frames(peer).ok_or_else(|| unknown(peer))?;
        frames.send(frame).await.map_err(|_| unknown(peer))
    }

    /// Queues a frame for a peer if there is room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownPeer`] like [`Binder::send`], [`ErrorKind::QueueFull`] when there is no room.
    pub fn try_send(&self, peer: &Identity, frame: Bytes) -> Result<()> {
        let frames = self.peers.frames(peer).ok_or_else(|| unknown(peer))?;
        frames.try_send(frame).map_err(|error| match error {
            mpsc::error::TrySendError::Closed(_) => unknown(peer),
            mpsc::error::TrySendError::Full(_) => Error::new(ErrorKind::QueueFull, "send a frame", peer.to_string()),
        })
    }

    /// Who is connected, in no order.
    #[must_use]
    pub fn peers(&self) -> Vec<Identity> {
        self.peers.identities()
    }

    /// Closes the connection of a peer (FIN); frames still queued for it are dropped, and no `Gone` follows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownPeer`] when nobody is connected under that identity.
    pub fn disconnect(&self, peer: &Identity) -> Result<()> {
        let removed = self.peers.remove(peer).ok_or_else(|| unknown(peer))?;
        removed.task.abort();
        Ok(())
    }
}

impl Drop for Binder {
    fn drop(&mut self) {
        // The accepting task owns those of the connections, so all of them end with it.
        self.task.abort();
        if self.address.scheme == Scheme::Ipc {
            // Best effort: a file left behind is recognized as stale by the next one who binds there.
            let _ = std::fs::remove_file(&self.address.host);
        }
    }
}

fn unknown(peer: &Identity) -> Error {
    Error::new(ErrorKind::UnknownPeer, "send a frame", peer.to_string())
}
