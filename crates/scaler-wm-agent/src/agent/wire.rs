//! The connection of an agent to its scheduler, made again whenever it breaks.

use std::{future::Future, pin::Pin, time::Duration};

use scaler_wm_core::Address;
use scaler_wm_wire::{
    Message, Result,
    ymq::{
        ConnectOptions, Connection, Identity, LARGEST_MESSAGE, MessageReceiver, MessageSender, Reconnect, Retry,
        connect,
    },
};
use tokio::time::{Instant, sleep_until};

/// So many bytes that wait to be sent go before all else: a scheduler that does not read is not read from.
const HIGH_WATER: usize = 64 * 1024;

type Connecting = Pin<Box<dyn Future<Output = Result<Connection>> + Send>>;

/// A connection that is up.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) sender: MessageSender,
    receiver: MessageReceiver,
}

/// The connection of an agent to its scheduler.
pub(super) struct Wire {
    scheduler: Address,
    identity: Identity,
    options: ConnectOptions,
    state: State,
    retry: Retry,
    /// Who was at the other end the last time.
    peer: Option<Identity>,
}

enum State {
    Connecting(Connecting),
    Waiting(Instant),
    Up(Link),
}

/// What happened on the wire.
pub(super) enum WireEvent {
    /// Connected.
    Connected {
        /// To another scheduler than before: what that one had asked for, this one does not know of.
        is_new: bool,
    },
    /// A message came.
    Message(Message),
    /// A message came that is none: the connection is still good.
    Malformed(scaler_wm_wire::Error),
    /// What was queued has been sent.
    Flushed,
    /// The connection is lost, or could not be made.
    Lost(scaler_wm_wire::Error),
    /// It is time for another try.
    Again,
}

impl Wire {
    pub(super) fn new(scheduler: Address, identity: Identity, mut options: ConnectOptions, seed: u64) -> Self {
        options.max_frame = options.max_frame.min(LARGEST_MESSAGE);
        let retry = Retry::new(Reconnect { give_up_after: None, ..Reconnect::default() }, seed);
        let mut wire = Self { scheduler, identity, options, state: State::Waiting(Instant::now()), retry, peer: None };
        wire.connect();
        wire
    }

    fn connect(&mut self) {
        let (scheduler, identity, options) = (self.scheduler.clone(), self.identity.clone(), self.options.clone());
        self.state = State::Connecting(Box::pin(async move { connect(&scheduler, &identity, &options).await }));
    }

    /// The connection, where one is up.
    pub(super) const fn link(&mut self) -> Option<&mut Link> {
        match &mut self.state {
            State::Up(link) => Some(link),
            State::Connecting(_) | State::Waiting(_) => None,
        }
    }

    /// The scheduler answers: waits start afresh.
    pub(super) const fn is_good(&mut self) {
        self.retry.succeeded();
    }

    /// Leaves the connection, and tries again after a while.
    pub(super) fn lost(&mut self) {
        let wait = self.retry.failed().unwrap_or(Duration::ZERO);
        self.state = State::Waiting(Instant::now() + wait);
    }

    /// What happens next. Cancel safe: nothing that happened is lost between two calls.
    pub(super) async fn next(&mut self) -> WireEvent {
        match &mut self.state {
            // Cancel safe: the attempt itself is kept, and goes on.
            State::Connecting(connecting) => match connecting.await {
                Ok(connection) => {
                    let peer = Some(connection.peer().clone());
                    let is_new = self.peer.is_some() && self.peer != peer;
                    self.peer = peer;
                    let (sender, receiver) = connection.into_messages();
                    self.state = State::Up(Link { sender, receiver });
                    WireEvent::Connected { is_new }
                }
                Err(error) => WireEvent::Lost(error),
            },
            State::Waiting(until) => {
                sleep_until(*until).await;
                self.connect();
                WireEvent::Again
            }
            // In this order, so that what is ready together is written together. Cancel safe by contract, all of them.
            State::Up(Link { sender, receiver }) if sender.waiting() < HIGH_WATER => {
                let is_waiting = sender.waiting() > 0;
                tokio::select! {
                    biased;
                    received = receiver.recv() => received_as(received),
                    flushed = sender.flush(), if is_waiting => sent(flushed),
                }
            }
            State::Up(Link { sender, .. }) => sent(sender.flush().await),
        }
    }

    /// What still comes on this connection, after a farewell.
    pub(super) async fn last(&mut self) -> Option<Message> {
        match &mut self.state {
            State::Up(link) => link.receiver.recv().await.ok().flatten(),
            State::Connecting(_) | State::Waiting(_) => None,
        }
    }
}

fn sent(flushed: Result<()>) -> WireEvent {
    match flushed {
        Ok(()) => WireEvent::Flushed,
        Err(error) => WireEvent::Lost(error),
    }
}

fn received_as(received: Result<Option<Message>>) -> WireEvent {
    use scaler_wm_wire::{Error, ErrorKind};
    match received {
        Ok(Some(message)) => WireEvent::Message(message),
        Ok(None) => {
            let context = "the scheduler closed the connection";
            WireEvent::Lost(Error::new(ErrorKind::Truncated, "stay connected to the scheduler", context))
        }
        Err(error) if error.kind() == ErrorKind::Malformed => WireEvent::Malformed(error),
        Err(error) => WireEvent::Lost(error),
    }
}
