//! The connection to the scheduler: heartbeats out, wishes in.

use std::{
    sync::Arc,
    time::{Duration, Instant as StdInstant},
};

use scaler_wm_core::{Chain, Clock, Seldom};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, info};

use super::{LinkSettings, convert, doubts::Doubts, pace::Pace, scaler::Shared};
use crate::{
    Error, ErrorKind, Message, Result,
    ymq::{Connection, Retry, connect},
};

/// A heartbeat is tiny: when the stream does not take it for so long, nobody reads at the other end.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Without an echo for so long, a connection that was good is taken for dead.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest message that is taken here, in bytes: all that a manager needs to hear is some hundred requests long.
const LARGEST_COMMAND: u64 = 4 * 1024 * 1024;
/// A connection that lasts so long was a good one: only then waits start afresh. One that comes and goes at once is no reason
/// to try ten times a second.
const LASTING: Duration = Duration::from_secs(1);

/// Connects, serves, and connects again, until it is time to give up.
pub(super) async fn run(mut settings: LinkSettings, clock: Clock, shared: Arc<Shared>) {
    settings.connect.max_frame = settings.connect.max_frame.min(LARGEST_COMMAND);
    let mut link = Link {
        retry: Retry::new(settings.reconnect, settings.seed),
        doubts: Doubts::new(&settings),
        is_up: false,
        said_down: false,
        unanswered: None,
        connected: Instant::now(),
        says: [Seldom::default(), Seldom::default()],
        clock,
        settings,
        shared,
    };
    loop {
        let error = match connect(&link.settings.scheduler, &link.settings.identity, &link.settings.connect).await {
            Ok(connection) => link.serve(connection).await,
            Err(error) => {
                link.doubts.not_connected(&error);
                error
            }
        };
        let reason = Chain(&error).to_string();
        if link.is_up || !link.said_down {
            link.is_up = false;
            link.said_down = true;
            link.shared.mailbox.down(reason.clone());
        }
        if error.kind() == ErrorKind::Unsupported {
            return link.shared.mailbox.close(reason);
        }
        let Some(wait) = link.retry.failed() else {
            return link.shared.mailbox.close(format!("the scheduler did not come back in time: {reason}"));
        };
        debug!(%reason, wait_ms = wait.as_secs_f64() * 1e3, "connecting again");
        sleep(wait).await;
    }
}

struct Link {
    settings: LinkSettings,
    shared: Arc<Shared>,
    retry: Retry,
    doubts: Doubts,
    is_up: bool,
    said_down: bool,
    /// When the first heartbeat went out that has not been answered.
    unanswered: Option<Instant>,
    /// Since when there is a connection.
    connected: Instant,
    /// What it says of each connection: that it is there, and that it is good.
    says: [Seldom; 2],
    clock: Clock,
}

#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack, and mostly the large one")]
enum Event {
    Received(Result<Option<Message>>),
    Changed,
    Beat,
    Silent,
}

impl Link {
    /// Serves a connection until it ends, and says why it did.
    async fn serve(&mut self, connection: Connection) -> Error {
        let started = StdInstant::now();
        let scheduler = &self.settings.scheduler;
        self.says[0].say(self.clock.now(), |left_out| {
            info!(%scheduler, version = %connection.version(), left_out, "connected to the scheduler");
        });
        self.connected = Instant::now();
        self.shared.facts().protocol = Some(connection.version().to_string().into());
        let (mut sender, mut receiver) = connection.into_messages();
        let heartbeat = convert::heartbeat(&self.settings);
        let mut pace = Pace::new(self.settings.heartbeat_interval);
        self.doubts.connected();
        self.unanswered = None;
        let mut silent_at = Instant::now() + self.doubts.patience();
        loop {
            let event = tokio::select! {
                // Cancel safe by contract.
                received = receiver.recv() => Event::Received(received),
                // Cancel safe: a permit that was not taken stays.
                () = self.shared.changed.notified() => Event::Changed,
                // Cancel safe: timers.
                () = sleep_until(pace.due(Instant::now())) => Event::Beat,
                () = sleep_until(silent_at) => Event::Silent,
            };
            let now = Instant::now();
            match event {
                Event::Received(Ok(Some(message))) => {
                    if matches!(message, Message::WorkerManagerHeartbeatEcho) {
                        silent_at = now + SILENCE.max(self.settings.heartbeat_interval * 5);
                    }
                    self.heard(message, now);
                }
                Event::Received(Ok(None)) => return lost("the scheduler closed the connection"),
                Event::Received(Err(error)) if error.kind() == ErrorKind::Malformed => {
                    debug!(%error, "skipped a message of the scheduler");
                }
                Event::Received(Err(error)) => {
                    debug!(after_seconds = started.elapsed().as_secs_f64(), "the connection broke");
                    return error;
                }
                Event::Changed => pace.changed(now),
                Event::Beat => match timeout(SEND_WITHIN, sender.send(&heartbeat)).await {
                    Ok(Ok(())) => {
                        let now = Instant::now();
                        pace.sent(now);
                        self.unanswered.get_or_insert(now);
                    }
                    Ok(Err(error)) => return error,
                    Err(_) => return lost("the scheduler takes no heartbeat"),
                },
                Event::Silent if self.is_up => return lost("the scheduler stopped answering heartbeats"),
                Event::Silent => {
                    self.doubts.silent();
                    silent_at = now + self.doubts.patience();
                }
            }
        }
    }

    fn heard(&mut self, message: Message, now: Instant) {
        match message {
            Message::WorkerManagerHeartbeatEcho => {
                self.shared.facts().lag = self.unanswered.take().map(|sent| now - sent);
                if now - self.connected >= LASTING {
                    self.retry.succeeded();
                }
                self.doubts.echo(now);
                if !self.is_up {
                    self.is_up = true;
                    self.says[1].say(self.clock.now(), |left_out| {
                        info!(scheduler = %self.settings.scheduler, left_out, "the scheduler answers");
                    });
                    self.shared.mailbox.up();
                }
            }
            Message::WorkerManagerCommand(command) => {
                self.doubts.command();
                self.shared.mailbox.wish(convert::wish(command));
            }
            other => debug!(message = other.name(), "ignored a message of the scheduler"),
        }
    }
}

fn lost(what: &str) -> Error {
    Error::new(ErrorKind::Truncated, "stay connected to the scheduler", what)
}
