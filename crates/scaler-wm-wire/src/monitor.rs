//! What the scheduler's monitor publishes, over as many connections as it takes.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::Address;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    Error, ErrorKind, Message,
    message::{StateTask, StateWorker},
    ymq::{ConnectOptions, Connection, Identity, LARGEST_MESSAGE, Reconnect, Retry, connect},
};

/// Messages that wait to be read; beyond it the publisher waits.
const WAITING: usize = 1024;
/// The same in bytes, as they came; one message may go beyond.
const WAITING_BYTES: u32 = 8 * 1024 * 1024;
/// No id of a task, a worker or a manager is longer, in bytes. Those of the releases have at most about 100.
const LONGEST_ID: usize = 512;
/// A connection that lasts so long was a good one.
const LASTING: Duration = Duration::from_secs(1);

/// What a [`Monitor`] is told once.
#[derive(Clone, Debug)]
pub struct MonitorSettings {
    /// Where the monitor publishes.
    pub address: Address,
    /// The name of this end.
    pub identity: Identity,
    /// How it is sought again; it never gives up.
    pub reconnect: Reconnect,
    /// Bounds of every connection.
    pub connect: ConnectOptions,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// What a monitor has to say.
#[derive(Debug)]
pub enum MonitorEvent {
    /// It is heard from here on. What was said before may have been missed.
    Up,
    /// A message.
    Said(Box<Message>),
    /// It is not heard any more, or cannot be reached.
    Down {
        /// Why.
        error: Error,
        /// Whether it was heard for a while; if not, something else may listen there.
        was_heard: bool,
    },
}

/// An event that waits to be taken, and the room that it takes.
type Waiting = (MonitorEvent, Option<OwnedSemaphorePermit>);

/// A listener to the scheduler's monitor. Dropping it closes the connection.
#[derive(Debug)]
pub struct Monitor {
    events: mpsc::Receiver<Waiting>,
    /// Owned, so that it ends with the listener.
    _task: JoinSet<()>,
}

impl Monitor {
    /// Starts listening, on the runtime this is called in.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with its timers and I/O enabled.
    #[must_use]
    pub fn start(mut settings: MonitorSettings) -> Self {
        settings.connect.max_frame = settings.connect.max_frame.min(LARGEST_MESSAGE);
        let (sender, events) = mpsc::channel(WAITING);
        let mut task = JoinSet::new();
        task.spawn(run(settings, sender));
        Self { events, _task: task }
    }

    /// The next event. Cancel safe. Never, once it is known that nothing can be heard there.
    pub async fn next(&mut self) -> MonitorEvent {
        match self.events.recv().await {
            Some((event, _room)) => event,
            None => std::future::pending().await,
        }
    }
}

/// Connects, listens, and connects again, until nobody wants to know.
async fn run(settings: MonitorSettings, events: mpsc::Sender<Waiting>) {
    let room = Arc::new(Semaphore::new(WAITING_BYTES as usize));
    let policy = Reconnect { give_up_after: None, ..settings.reconnect };
    let mut retry = Retry::new(policy, settings.seed);
    loop {
        let mut was_heard = false;
        let error = match connect(&settings.address, &settings.identity, &settings.connect).await {
            Ok(connection) => {
                let started = Instant::now();
                let Some(error) = listen(connection, &events, &room).await else { return };
                // One that hangs up at once is no monitor: no quick tries.
                if started.elapsed() > LASTING {
                    was_heard = true;
                    retry.succeeded();
                }
                error
            }
            Err(error) => error,
        };
        let is_hopeless = error.kind() == ErrorKind::Unsupported;
        if events.send((MonitorEvent::Down { error, was_heard }, None)).await.is_err() || is_hopeless {
            return;
        }
        // The policy has no end, so there is always a wait.
        sleep(retry.failed().unwrap_or(policy.longest)).await;
    }
}

/// Listens until the connection breaks, and says why; `None` once nobody wants to know.
async fn listen(connection: Connection, events: &mpsc::Sender<Waiting>, room: &Arc<Semaphore>) -> Option<Error> {
    // The sending half is kept: closing it would tell the monitor that we leave.
    let (_sender, mut receiver) = connection.into_messages();
    events.send((MonitorEvent::Up, None)).await.ok()?;
    loop {
        match receiver.recv_sized().await {
            Ok(Some((message, _))) if !has_usual_ids(&message) => {
                tracing::debug!(message = message.name(), "skipped a message of the monitor: an id in it is too long");
            }
            Ok(Some((message, bytes))) => {
                let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(WAITING_BYTES);
                // Nobody closes it, so there is room at some time.
                let taken = Arc::clone(room).acquire_many_owned(bytes).await.ok();
                events.send((MonitorEvent::Said(Box::new(message)), taken)).await.ok()?;
            }
            Ok(None) => {
                return Some(Error::new(ErrorKind::Truncated, "listen to the monitor", "it closed the connection"));
            }
            Err(error) if error.kind() == ErrorKind::Malformed => {
                tracing::debug!(%error, "skipped a message of the monitor");
            }
            Err(error) => return Some(error),
        }
    }
}

/// Whether the ids in a message are no longer than ids are: whoever hears it keeps them.
fn has_usual_ids(message: &Message) -> bool {
    let is_usual = |id: &[u8]| id.len() <= LONGEST_ID;
    match message {
        Message::StateTask(StateTask { task, worker, .. }) => is_usual(task.as_bytes()) && is_usual(worker.as_bytes()),
        Message::StateWorker(StateWorker { worker, .. }) => is_usual(worker.as_bytes()),
        Message::StateScheduler(report) => {
            report.workers.iter().all(|worker| is_usual(worker.id.as_bytes()))
                && report.scaling.managed_workers.iter().all(|managed| is_usual(&managed.manager_id))
                && report.scaling.details.iter().all(|detail| is_usual(&detail.manager_id))
        }
        _ => true,
    }
}
