//! Heartbeats: when they are due, and what they say.

use std::time::Duration;

use bytes::Bytes;
use scaler_wm_wire::{
    Message,
    message::{Capability, ProcessorStatus, Resource, TaskId, WorkerHeartbeat},
};
use tokio::time::Instant;

use super::{
    book::Book,
    host::{self, Host, Usage},
};
use crate::AgentConfig;

/// The most tasks that a heartbeat names: the scheduler copies all of them into each report.
const MOST_NAMED: usize = 1000;
/// A connection on which no heartbeat is answered for so long, or for some intervals, is taken for dead.
const SILENCE: Duration = Duration::from_secs(30);

/// When heartbeats are due. No second one goes out before the first is answered.
#[derive(Debug)]
pub(super) struct Pulse {
    interval: Duration,
    /// When the last one went out, and whether it was answered.
    last: Option<(Instant, bool)>,
    latency: Duration,
    /// When one was last answered, or the agent began.
    alive: Instant,
}

impl Pulse {
    pub(super) const fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, last: None, latency: Duration::ZERO, alive: now }
    }

    /// A new connection: a heartbeat is due at once.
    pub(super) const fn connected(&mut self) {
        self.last = None;
    }

    /// When the next one is due; `None` while one is unanswered.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        match self.last {
            None => Some(now),
            Some((sent, true)) => Some(sent + self.interval),
            Some((_, false)) => None,
        }
    }

    /// When a connection on which one is unanswered is taken for dead.
    pub(super) fn silent_at(&self) -> Option<Instant> {
        self.last.filter(|(_, is_answered)| !is_answered).map(|(sent, _)| sent + SILENCE.max(self.interval * 3))
    }

    pub(super) const fn sent(&mut self, now: Instant) {
        self.last = Some((now, false));
    }

    /// An echo came; whether it answers a heartbeat of ours.
    pub(super) fn echoed(&mut self, now: Instant) -> bool {
        let Some((sent, is_answered @ false)) = &mut self.last else { return false };
        *is_answered = true;
        self.latency = now.duration_since(*sent) / 2;
        self.alive = now;
        true
    }

    /// When one was last answered, or the agent began.
    pub(super) const fn alive(&self) -> Instant {
        self.alive
    }
}

/// What an agent says of itself, but for its tasks.
#[derive(Debug)]
pub(super) struct About {
    capabilities: Vec<Capability>,
    manager: Bytes,
    queue_size: u32,
    hostname: String,
    usage: Usage,
}

impl About {
    pub(super) fn new(config: &AgentConfig) -> Self {
        Self {
            capabilities: Capability::list(&config.capabilities),
            manager: Bytes::copy_from_slice(config.manager.as_str().as_bytes()),
            queue_size: config.queue_size.get(),
            hostname: host::name(),
            usage: Usage::new(),
        }
    }

    pub(super) fn heartbeat(&mut self, book: &Book, pulse: &Pulse, now: Instant) -> Message {
        let host = Host::now();
        let pid = std::process::id();
        let processors = book.under_way(now).take(MOST_NAMED).map(|(task, age)| ProcessorStatus {
            pid,
            initialized: true,
            has_task: true,
            suspended: false,
            // It runs elsewhere.
            resource: Resource::default(),
            current_task: TaskId::from(task.as_bytes()),
            task_age_seconds: u32::try_from(age.as_secs()).unwrap_or(u32::MAX),
        });
        Message::WorkerHeartbeat(WorkerHeartbeat {
            agent: self.usage.look(),
            rss_free: host.mem_free,
            queue_size: self.queue_size,
            queued_tasks: u32::try_from(book.queued()).unwrap_or(u32::MAX),
            latency_microseconds: u32::try_from(pulse.latency.as_micros()).unwrap_or(u32::MAX),
            task_lock: !book.has_room(),
            processors: processors.collect(),
            capabilities: self.capabilities.clone(),
            manager_id: self.manager.clone(),
            mem_limit: host.mem_limit,
            hostname: self.hostname.clone(),
            net_sent_bytes: host.net_sent,
            net_received_bytes: host.net_received,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_heartbeat_goes_out_before_the_first_is_answered() {
        let start = Instant::now();
        let interval = Duration::from_secs(2);
        let mut pulse = Pulse::new(interval, start);
        assert_eq!(pulse.due(start), Some(start));
        pulse.sent(start);
        assert_eq!(pulse.due(start + interval * 9), None);
        assert!(pulse.echoed(start + interval / 2));
        assert!(!pulse.echoed(start + interval), "it was answered already");
        assert_eq!(pulse.due(start + interval / 2), Some(start + interval));
        assert_eq!(pulse.latency, interval / 4);
        pulse.sent(start + interval);
        pulse.connected();
        assert_eq!(pulse.due(start + interval * 3), Some(start + interval * 3), "a new connection");
        assert_eq!(pulse.alive(), start + interval / 2);
    }
}
