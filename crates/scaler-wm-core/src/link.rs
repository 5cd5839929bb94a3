//! The link seam: who tells us what to want, and what is busy.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use foldhash::HashMap;
use serde::Serialize;

use crate::{Capabilities, Timestamp, WorkerId};

/// One part of a wish: this much task concurrency for work with these capabilities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Task concurrency wanted.
    pub task_concurrency: u32,
    /// What the work needs; a manager serves it when it has all of these, name and value alike.
    pub capabilities: Capabilities,
}

/// What is wanted of a manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Follow these requests, up and down, until told otherwise.
    Follow(Vec<Request>),
    /// The same; but what is no longer wanted leaves as soon as it has finished what runs, and is given the time for it.
    Spare(Vec<Request>),
    /// Start this much task concurrency once, replace nothing, and end when all are gone (fixed mode).
    Once(u32),
}

/// What one worker has to do, as the scheduler knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerLoad {
    /// Tasks that run in it, suspended ones included.
    pub running: u32,
    /// Tasks that wait in it.
    pub queued: u32,
    /// When its oldest running task started, if that is known.
    pub running_since: Option<Timestamp>,
    /// The instant that this is known to be true of.
    pub as_of: Timestamp,
}

impl WorkerLoad {
    /// Whether it has nothing to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.running == 0 && self.queued == 0
    }

    /// Tasks that run or wait in it.
    #[must_use]
    pub const fn tasks(&self) -> u32 {
        self.running.saturating_add(self.queued)
    }
}

/// Which workers are connected, and what they have to do. A copy shares its content.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Every connected worker, other managers' included.
    pub workers: Arc<HashMap<WorkerId, WorkerLoad>>,
    /// Since when the monitor has been heard without a break; `None` while it is not.
    pub live_since: Option<Timestamp>,
    /// Tasks that no worker has.
    pub waiting: u64,
}

/// What a link has to say.
#[derive(Clone, Debug)]
pub enum LinkEvent {
    /// The scheduler answers.
    Up,
    /// It does not, for the reason given. Units stay; no new ones start until it is back and has said what it wants.
    Down(String),
    /// What is wanted now.
    Wish(Wish),
    /// What is busy now.
    Load(Load),
    /// No further event will come, for the reason given: the manager ends.
    Closed(String),
}

/// What a link can tell of itself, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkFacts {
    /// Whom it talks to.
    pub peer: Option<Arc<str>>,
    /// Which version of the wire both speak, once that is known.
    pub protocol: Option<Arc<str>>,
    /// Why what is wanted is wanted, where it is decided here.
    pub why: Option<Arc<str>>,
    /// How long the other side took to answer the last time.
    pub lag: Option<Duration>,
}

/// Who tells a manager what to want: Scaler's scheduler, a policy engine, an embedding service.
#[async_trait]
pub trait SchedulerLink: Send {
    /// The next thing it has to say. Cancel safe: an event is never lost between two calls.
    async fn next(&mut self) -> LinkEvent;

    /// A worker is surely dead: its tasks are to run elsewhere at once, not after the scheduler's own time-out.
    ///
    /// Never for a worker that may still live: the scheduler would run its tasks twice. Returns at once.
    fn worker_gone(&self, worker: WorkerId);

    /// Something changed on our side that makes an early exchange worthwhile. Returns at once; bounded by the link.
    fn nudge(&self) {}

    /// What it can tell of itself. Returns at once.
    fn facts(&self) -> LinkFacts {
        LinkFacts::default()
    }
}
