//! A link that says what a test says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use scaler_wm_core::{Capabilities, LinkEvent, Load, Request, SchedulerLink, Timestamp, Wish, WorkerId, WorkerLoad};
use tokio::sync::mpsc;

/// What a manager told its link.
#[derive(Debug, Default)]
struct Told {
    gone: Vec<WorkerId>,
    nudges: usize,
}

/// A link that says what its [`LinkHandle`] is told to say.
///
/// When it was closed, or its handle is dropped, it says so, whenever it is asked.
#[derive(Debug)]
pub struct MemoryLink {
    events: mpsc::UnboundedReceiver<LinkEvent>,
    told: Arc<Mutex<Told>>,
    is_closed: bool,
}

/// The test's end of a [`MemoryLink`].
#[derive(Clone, Debug)]
pub struct LinkHandle {
    events: mpsc::UnboundedSender<LinkEvent>,
    told: Arc<Mutex<Told>>,
}

impl MemoryLink {
    /// A link that has nothing to say yet, and its handle.
    #[must_use]
    pub fn new() -> (Self, LinkHandle) {
        let (sender, events) = mpsc::unbounded_channel();
        let told = Arc::new(Mutex::new(Told::default()));
        (Self { events, told: Arc::clone(&told), is_closed: false }, LinkHandle { events: sender, told })
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl SchedulerLink for MemoryLink {
    async fn next(&mut self) -> LinkEvent {
        if self.is_closed {
            return LinkEvent::Closed("it was closed before".to_owned());
        }
        let event = self.events.recv().await.unwrap_or_else(|| LinkEvent::Closed("the handle was dropped".to_owned()));
        self.is_closed = matches!(event, LinkEvent::Closed(_));
        event
    }

    fn worker_gone(&self, worker: WorkerId) {
        lock(&self.told).gone.push(worker);
    }

    fn nudge(&self) {
        lock(&self.told).nudges += 1;
    }
}

impl LinkHandle {
    /// Says `event`; nobody may be listening any more.
    pub fn say(&self, event: LinkEvent) {
        // A manager that has ended drops its link, and a test may still talk.
        drop(self.events.send(event));
    }

    /// The scheduler answers.
    pub fn up(&self) {
        self.say(LinkEvent::Up);
    }

    /// The scheduler does not answer.
    pub fn down(&self) {
        self.say(LinkEvent::Down("the test says so".to_owned()));
    }

    /// This much task concurrency is wanted, whatever the workers can do.
    pub fn wish(&self, task_concurrency: u32) {
        let request = Request { task_concurrency, capabilities: Capabilities::default() };
        self.say(LinkEvent::Wish(Wish::Follow(vec![request])));
    }

    /// The same, and what goes gets the time for what runs.
    pub fn spare(&self, task_concurrency: u32) {
        let request = Request { task_concurrency, capabilities: Capabilities::default() };
        self.say(LinkEvent::Wish(Wish::Spare(vec![request])));
    }

    /// This much task concurrency is wanted once.
    pub fn once(&self, task_concurrency: u32) {
        self.say(LinkEvent::Wish(Wish::Once(task_concurrency)));
    }

    /// What is busy.
    pub fn load(&self, load: Load) {
        self.say(LinkEvent::Load(load));
    }

    /// No further event comes.
    pub fn close(&self) {
        self.say(LinkEvent::Closed("the test closed the link".to_owned()));
    }

    /// Workers reported as gone so far, in order.
    #[must_use]
    pub fn gone(&self) -> Vec<WorkerId> {
        lock(&self.told).gone.clone()
    }

    /// Nudges so far.
    #[must_use]
    pub fn nudges(&self) -> usize {
        lock(&self.told).nudges
    }
}

/// A load in which these workers are connected with so many running tasks each, as of `as_of`.
pub fn load_of(
    live_since: Option<Timestamp>,
    as_of: Timestamp,
    workers: impl IntoIterator<Item = (WorkerId, u32)>,
) -> Load {
    let load = |running| WorkerLoad { running, queued: 0, running_since: (running > 0).then_some(as_of), as_of };
    let workers = workers.into_iter().map(|(worker, running)| (worker, load(running))).collect();
    Load { workers: Arc::new(workers), live_since, waiting: 0 }
}
