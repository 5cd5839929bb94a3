//! What is said, once per cause, when the scheduler does not do what a manager lives by.

use std::time::Duration;

use scaler_wm_core::{Address, Chain, ManagerId};
use tokio::time::Instant;
use tracing::warn;

use super::LinkSettings;
use crate::{Error, ErrorKind};

/// Echoes without a command that make a policy suspicious.
const ECHOES: u32 = 3;
/// However short the interval, an echo may take this long.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// Remembers what was said. The time comes from outside.
#[derive(Debug)]
pub(super) struct Doubts {
    scheduler: Address,
    manager: ManagerId,
    interval: Duration,
    expects_wishes: bool,
    first_echo: Option<Instant>,
    echoes: u32,
    has_command: bool,
    said_no_connection: Option<ErrorKind>,
    said_silent: bool,
    said_no_scaling: bool,
}

impl Doubts {
    pub(super) fn new(settings: &LinkSettings) -> Self {
        Self {
            scheduler: settings.scheduler.clone(),
            manager: settings.manager.clone(),
            interval: settings.heartbeat_interval,
            expects_wishes: settings.expects_wishes,
            first_echo: None,
            echoes: 0,
            has_command: false,
            said_no_connection: None,
            said_silent: false,
            said_no_scaling: false,
        }
    }

    /// How long a fresh connection may stay without an echo.
    pub(super) fn patience(&self) -> Duration {
        (self.interval * 3).max(LEAST_WAIT)
    }

    /// A new connection: perhaps to another scheduler, with another policy.
    pub(super) const fn connected(&mut self) {
        self.first_echo = None;
        self.echoes = 0;
        self.has_command = false;
    }

    pub(super) fn not_connected(&mut self, error: &Error) {
        if self.said_no_connection.replace(error.kind()) == Some(error.kind()) {
            return;
        }
        let advice = match error.kind() {
            ErrorKind::BadMagic | ErrorKind::WrongVersion | ErrorKind::Oversized => {
                "what listens there is no scheduler of release 2.4.0 or later, or uses another transport: check the address"
            }
            ErrorKind::Unsupported => "use a tcp:// or ipc:// address",
            ErrorKind::Untrusted => "it does not show that it is the scheduler that is meant",
            ErrorKind::OtherTransport => "the address names another transport than is spoken there",
            ErrorKind::Truncated | ErrorKind::TimedOut => {
                "something listens there but does not greet: check that it is the scheduler's address, not another service's"
            }
            _ => "nobody answers there: check the address and that the scheduler runs",
        };
        warn!(scheduler = %self.scheduler, error = %Chain(error), "cannot connect to the scheduler: {advice}; trying on");
    }

    pub(super) fn silent(&mut self) {
        if std::mem::replace(&mut self.said_silent, true) {
            return;
        }
        warn!(
            scheduler = %self.scheduler,
            manager = %self.manager,
            "connected, but the scheduler does not answer heartbeats: another manager with the same worker_manager_id is \
             alive or was within the last 10 s (stop it, or give this one another --worker-manager-id), or what listens \
             there is not compatible; trying on"
        );
    }

    pub(super) fn echo(&mut self, now: Instant) {
        self.said_no_connection = None;
        self.said_silent = false;
        let first = *self.first_echo.get_or_insert(now);
        self.echoes = self.echoes.saturating_add(1);
        // The third regular heartbeat comes two intervals after the first; a little less allows for timers. Heartbeats
        // that come faster count no more than that.
        let is_due = self.echoes >= ECHOES && now.duration_since(first) >= self.interval.mul_f64(1.75);
        if !self.expects_wishes || self.has_command || self.said_no_scaling || !is_due {
            return;
        }
        self.said_no_scaling = true;
        warn!(
            scheduler = %self.scheduler,
            manager = %self.manager,
            "the scheduler answers but never says what it wants: its policy (scaling=no, or a waterfall without a rule for \
             this manager) will not start any worker; start the scheduler with \
             --policy-content \"allocate=even_load; scaling=vanilla\""
        );
    }

    pub(super) const fn command(&mut self) {
        self.has_command = true;
        self.said_no_scaling = false;
    }
}
