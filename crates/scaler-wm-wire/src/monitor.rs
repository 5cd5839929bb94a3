//! What the scheduler's monitor publishes, over as many connections as it takes.

use std::time::Duration;

use scaler_wm_core::Address;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    Error, ErrorKind, Message,
    ymq::{ConnectOptions, Connection, Identity, Reconnect, Retry, connect},
};

/// Messages that wait to be read; beyond it the publisher waits.
const WAITING: usize = 1024;
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

/// A listener to the scheduler's monitor. Dropping it closes the connection.
#[derive(Debug)]
pub struct Monitor {
    events: mpsc::Receiver<MonitorEvent>,
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
    pub fn start(settings: MonitorSettings) -> Self {
        let (sender, events) = mpsc::channel(WAITING);
        let mut task = JoinSet::new();
        task.spawn(run(settings, sender));
        Self { events, _task: task }
    }

    /// The next event. Cancel safe. Never, once it is known that nothing can be heard there.
    pub async fn next(&mut self) -> MonitorEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

/// Connects, listens, and connects again, until nobody wants to know.
async fn run(settings: MonitorSettings, events: mpsc::Sender<MonitorEvent>) {
    let policy = Reconnect { give_up_after: None, ..settings.reconnect };
    let mut retry = Retry::new(policy, settings.seed);
    loop {
        let mut was_heard = false;
        let error = match connect(&settings.address, &settings.identity, &settings.connect).await {
            Ok(connection) => {
                let started = Instant::now();
                let Some(error) = listen(connection, &events).await else { return };
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
        if events.send(MonitorEvent::Down { error, was_heard }).await.is_err() || is_hopeless {
            return;
        }
        // The policy has no end, so there is always a wait.
        sleep(retry.failed().unwrap_or(policy.longest)).await;
    }
}

/// Listens until the connection breaks, and says why; `None` once nobody wants to know.
async fn listen(connection: Connection, events: &mpsc::Sender<MonitorEvent>) -> Option<Error> {
    // The sending half is kept: closing it would tell the monitor that we leave.
    let (_sender, mut receiver) = connection.into_messages();
    events.send(MonitorEvent::Up).await.ok()?;
    loop {
        match receiver.recv().await {
            Ok(Some(message)) => events.send(MonitorEvent::Said(Box::new(message))).await.ok()?,
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
