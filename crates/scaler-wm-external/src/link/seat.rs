//! Who is attached, and what is told to it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use scaler_wm_core::WorkerId;
use tokio::sync::mpsc;
use tonic::Status;

use crate::v1::{DeadWorker, ManagerMessage, Nudge, manager_message::Message};

/// Reports of dead workers that are kept while nobody is attached; the oldest go first.
const MOST_KEPT: usize = 10_000;

/// What goes out to one scheduler.
pub(super) type Outbox = mpsc::UnboundedSender<Result<ManagerMessage, Status>>;

/// The seat of the one scheduler that counts.
#[derive(Debug)]
pub(super) struct Seat {
    address: Arc<str>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    taken: Option<Outbox>,
    /// Of whoever has it, or had it last.
    number: u64,
    gone: VecDeque<WorkerId>,
}

pub(super) fn message(message: Message) -> ManagerMessage {
    ManagerMessage { message: Some(message) }
}

fn dead(worker: &WorkerId) -> ManagerMessage {
    message(Message::WorkerGone(DeadWorker { worker: worker.as_bytes().to_vec() }))
}

impl Seat {
    pub(super) fn new(address: String) -> Self {
        Self { address: Arc::from(address), inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn address(&self) -> Arc<str> {
        Arc::clone(&self.address)
    }

    /// Takes the seat; whoever had it goes. Gives the number by which it is held.
    pub(super) fn take(&self, outbox: Outbox, hello: Message) -> u64 {
        let mut inner = self.lock();
        if let Some(earlier) = inner.taken.take() {
            // It may have gone by itself.
            let _ = earlier.send(Err(Status::aborted("another scheduler has attached")));
        }
        let kept = inner.gone.drain(..).map(|worker| dead(&worker)).collect::<Vec<_>>();
        for told in std::iter::once(message(hello)).chain(kept) {
            // It is seen at once when nobody reads.
            let _ = outbox.send(Ok(told));
        }
        inner.taken = Some(outbox);
        inner.number += 1;
        inner.number
    }

    /// Whether the seat is held by that number.
    pub(super) fn is_held_by(&self, number: u64) -> bool {
        self.lock().number == number
    }

    /// Leaves it, if it is held by that number; whether it was.
    pub(super) fn leave(&self, number: u64) -> bool {
        let mut inner = self.lock();
        let was_held = inner.number == number;
        if was_held {
            inner.taken = None;
        }
        was_held
    }

    /// Nobody is heard any more.
    pub(super) fn empty(&self) {
        self.lock().taken = None;
    }

    pub(super) fn worker_gone(&self, worker: WorkerId) {
        let mut inner = self.lock();
        let is_told = inner.taken.as_ref().is_some_and(|outbox| outbox.send(Ok(dead(&worker))).is_ok());
        if !is_told {
            if inner.gone.len() == MOST_KEPT {
                inner.gone.pop_front();
            }
            inner.gone.push_back(worker);
        }
    }

    pub(super) fn nudge(&self) {
        if let Some(outbox) = &self.lock().taken {
            // Whoever attaches next asks anyway.
            let _ = outbox.send(Ok(message(Message::Nudge(Nudge {}))));
        }
    }
}
