//! Who is connected to a binder.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

use super::Identity;

/// The way to one peer.
#[derive(Debug)]
pub(super) struct Peer {
    /// Tells connections under one identity apart.
    pub(super) number: u64,
    pub(super) frames: mpsc::Sender<Bytes>,
    pub(super) task: AbortHandle,
    /// Ends when the task let go of the connection.
    pub(super) ended: oneshot::Receiver<()>,
}

/// All peers by identity.
#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<HashMap<Identity, Peer>>);

impl Peers {
    /// Enters a peer, and hands out the one whose place it takes.
    pub(super) fn enter(&self, identity: Identity, peer: Peer) -> Option<Peer> {
        self.lock().insert(identity, peer)
    }

    /// Takes a peer out, unless another connection took its place already.
    pub(super) fn leave(&self, identity: &Identity, number: u64) -> bool {
        let mut peers = self.lock();
        let is_current = peers.get(identity).is_some_and(|peer| peer.number == number);
        if is_current {
            peers.remove(identity);
        }
        is_current
    }

    /// Takes a peer out, whichever connection it has.
    pub(super) fn remove(&self, identity: &Identity) -> Option<Peer> {
        self.lock().remove(identity)
    }

    /// The queue of frames to a peer.
    pub(super) fn frames(&self, identity: &Identity) -> Option<mpsc::Sender<Bytes>> {
        self.lock().get(identity).map(|peer| peer.frames.clone())
    }

    /// Who is connected, in no order.
    pub(super) fn identities(&self) -> Vec<Identity> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Identity, Peer>> {
        // Nothing panics in between, and a map is whole after every call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
