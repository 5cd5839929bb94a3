//! The link itself: its tasks, and what they share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use scaler_wm_core::{Clock, LinkEvent, LinkFacts, SchedulerLink, WorkerId};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
};
use tracing::warn;

use super::{LinkSettings, gone, mailbox::Mailbox, monitor, scheduler, tracker::LoadTracker};

/// Dead workers that wait to be reported; beyond it the scheduler finds out by its own time-out.
const GONE_QUEUE: usize = 4096;

/// What the tasks of a link share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) mailbox: Mailbox,
    /// Something changed that makes an early heartbeat worthwhile.
    pub(super) changed: Notify,
    pub(super) tracker: Mutex<LoadTracker>,
    /// Moves on whenever a worker connects or goes.
    pub(super) workers: watch::Sender<u64>,
    /// What there is to tell of the connection to the scheduler.
    pub(super) facts: Mutex<LinkFacts>,
}

impl Shared {
    pub(super) fn facts(&self) -> MutexGuard<'_, LinkFacts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tracker(&self) -> MutexGuard<'_, LoadTracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A released scheduler, over its wire and its monitor. Dropping it closes the connections.
#[derive(Debug)]
pub struct ScalerLink {
    shared: Arc<Shared>,
    gone: mpsc::Sender<WorkerId>,
    /// Owned, so that the tasks end with the link.
    _tasks: JoinSet<()>,
}

impl ScalerLink {
    /// Starts talking, on the runtime this is called in (a current-thread one is enough).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with its timers and I/O enabled.
    #[must_use]
    pub fn start(settings: LinkSettings, clock: Clock) -> Self {
        let shared = Arc::new(Shared {
            mailbox: Mailbox::default(),
            changed: Notify::new(),
            tracker: Mutex::default(),
            workers: watch::Sender::new(0),
            facts: Mutex::new(LinkFacts { peer: Some(settings.scheduler.to_string().into()), ..LinkFacts::default() }),
        });
        let (gone, reports) = mpsc::channel(GONE_QUEUE);
        let mut tasks = JoinSet::new();
        tasks.spawn(gone::run(settings.clone(), Arc::clone(&shared), reports));
        if let Some(address) = settings.monitor.clone() {
            tasks.spawn(monitor::run(address, settings.clone(), clock, Arc::clone(&shared)));
        } else {
            warn!("no monitor: scale-down asks the oldest worker first; --monitor-address names one");
        }
        tasks.spawn(scheduler::run(settings, clock, Arc::clone(&shared)));
        Self { shared, gone, _tasks: tasks }
    }
}

#[async_trait]
impl SchedulerLink for ScalerLink {
    async fn next(&mut self) -> LinkEvent {
        self.shared.mailbox.next().await
    }

    fn worker_gone(&self, worker: WorkerId) {
        if let Err(error) = self.gone.try_send(worker) {
            warn!(%error, "cannot report a dead worker: the scheduler finds out by its own time-out");
        }
    }

    fn nudge(&self) {
        self.shared.changed.notify_one();
    }

    fn facts(&self) -> LinkFacts {
        self.shared.facts().clone()
    }
}
