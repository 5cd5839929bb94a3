//! SIGINT and SIGTERM.

use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Failure;

/// One order may arrive twice: `timeout` signals a program and its whole group, and so does many a wrapper that passes on
/// what a terminal has sent already. Nobody gives a second order so soon.
const SAME_ORDER: Duration = Duration::from_millis(10);

/// SIGINT and SIGTERM, which mean the same.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    last: Option<Instant>,
}

impl Signals {
    /// Listens from here on: neither ends the process by itself any more.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::running);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            last: None,
        })
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) {
        loop {
            tokio::select! {
                // Cancel safe, both: a signal that is not taken stays.
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            let now = Instant::now();
            if self.last.is_none_or(|last| now.duration_since(last) >= SAME_ORDER) {
                self.last = Some(now);
                return;
            }
        }
    }
}
