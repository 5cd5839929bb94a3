//! Who has what to do, from the monitor's messages.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{Load, Timestamp, WorkerId, WorkerLoad};

use crate::message::{StateScheduler, StateTask, StateWorker, TaskState, WorkerState, WorkerStatus};

/// Reports in a row that must contradict what events said before they are believed.
const CONTRADICTIONS: u8 = 2;
/// The most tasks with workers that are known one by one; of those beyond it the reports tell how many there are.
pub(crate) const MOST_TASKS: usize = 2_000_000;
/// The most workers that are known.
pub(crate) const MOST_WORKERS: usize = 100_000;

#[derive(Debug)]
struct Worker {
    id: WorkerId,
    /// Tasks that events gave it.
    tasks: u32,
    /// Tasks that it had before we listened, by the last report; `None` when all of its tasks are known from events.
    unseen: Option<u32>,
    /// What the last report said, if no event of this worker came after it.
    sent: Option<u32>,
    /// Processors with a task, suspended ones included, by the last report.
    in_process: u32,
    running_since: Option<Timestamp>,
    contradicted: u8,
    missing: u8,
    as_of: Timestamp,
}

impl Worker {
    fn total(&self) -> u32 {
        match self.unseen {
            Some(unseen) => self.tasks.saturating_add(unseen),
            None if self.tasks > 0 => self.tasks,
            None => self.sent.unwrap_or(0),
        }
    }

    fn event(&mut self, now: Timestamp) {
        self.sent = None;
        self.contradicted = 0;
        self.as_of = now;
    }

    fn load(&self) -> WorkerLoad {
        let tasks = self.total();
        let running = tasks.min(self.in_process.max(1));
        let running_since = if running > 0 { self.running_since } else { None };
        WorkerLoad { running, queued: tasks - running, running_since, as_of: self.as_of }
    }
}

/// Keeps which worker has which task, in constant time per task event. Tasks that wait are counted, not kept.
#[derive(Debug, Default)]
pub(super) struct LoadTracker {
    live_since: Option<Timestamp>,
    has_report: bool,
    slots: HashMap<WorkerId, u32>,
    workers: HashMap<u32, Worker>,
    next_slot: u32,
    tasks: HashMap<Box<[u8]>, u32>,
    /// Whether some of `tasks` may be with a worker that is gone.
    has_stale: bool,
    waiting: u64,
}

/// What a message changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// A worker connected or went.
    pub(super) workers: bool,
    /// There are waiting tasks where there were none.
    pub(super) first_waiting: bool,
}

impl LoadTracker {
    /// The monitor is heard from `now` on; what was known before is forgotten.
    pub(super) fn connected(&mut self, now: Timestamp) {
        *self = Self { live_since: Some(now), ..Self::default() };
    }

    /// The monitor is not heard any longer.
    pub(super) fn lost(&mut self) {
        *self = Self::default();
    }

    /// Whether this worker is connected; `None` while that is not known.
    #[must_use]
    pub(super) fn is_connected(&self, worker: &WorkerId) -> Option<bool> {
        if self.slots.contains_key(worker) {
            return Some(true);
        }
        (self.live_since.is_some() && self.has_report).then_some(false)
    }

    /// A copy of everything; its cost grows with the number of workers.
    #[must_use]
    pub(super) fn snapshot(&self) -> Load {
        let workers = self.workers.values().map(|worker| (worker.id.clone(), worker.load())).collect();
        Load { workers: Arc::new(workers), live_since: self.live_since, waiting: self.waiting }
    }

    /// A task changed its state.
    pub(super) fn task(&mut self, event: &StateTask, now: Timestamp) -> Change {
        let mut change = Change::default();
        match event.state {
            TaskState::Running if event.worker.as_bytes().is_empty() => {}
            TaskState::Running => {
                change.workers = !self.slots.contains_key(&event.worker);
                let Some(slot) = self.slot(&event.worker, now) else { return Change::default() };
                if self.tasks.len() >= MOST_TASKS && !self.tasks.contains_key(event.task.as_bytes()) {
                    self.waiting = self.waiting.saturating_sub(1);
                    self.give_unseen(slot);
                    return change;
                }
                match self.tasks.insert(event.task.as_bytes().into(), slot) {
                    Some(old) if old == slot => {}
                    Some(old) => {
                        self.take(old, now);
                        self.give(slot, now);
                    }
                    None => {
                        self.waiting = self.waiting.saturating_sub(1);
                        self.give(slot, now);
                    }
                }
            }
            // It is still with its worker.
            TaskState::Canceling | TaskState::BalanceCanceling | TaskState::WorkerDisconnecting => {}
            TaskState::Inactive | TaskState::BalanceCanceled => {
                self.remove(event, now);
                change.first_waiting = self.waiting == 0;
                self.waiting += 1;
            }
            TaskState::Success
            | TaskState::Failed
            | TaskState::WorkerDied
            | TaskState::Canceled
            | TaskState::CanceledNotFound => {
                // It was never given to a worker, as far as we saw. The next report corrects a wrong guess.
                if !self.remove(event, now) && event.state != TaskState::Success {
                    self.waiting = self.waiting.saturating_sub(1);
                }
            }
        }
        change
    }

    fn give(&mut self, slot: u32, now: Timestamp) {
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.tasks += 1;
            worker.event(now);
        }
    }

    /// One more task that is not known by its id: the next report corrects it.
    fn give_unseen(&mut self, slot: u32) {
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.unseen = Some(worker.unseen.unwrap_or_default().saturating_add(1));
        }
    }

    fn take(&mut self, slot: u32, now: Timestamp) {
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.tasks = worker.tasks.saturating_sub(1);
            worker.event(now);
        }
    }

    fn remove(&mut self, event: &StateTask, now: Timestamp) -> bool {
        let Some(slot) = self.tasks.remove(event.task.as_bytes()) else { return false };
        self.take(slot, now);
        // A burst of work must not keep its memory for ever.
        if self.tasks.capacity() > 1024 && self.tasks.len() * 8 < self.tasks.capacity() {
            self.tasks.shrink_to(self.tasks.len() * 2);
        }
        true
    }

    /// A worker came or went.
    pub(super) fn worker(&mut self, event: &StateWorker, now: Timestamp) -> Change {
        let workers = match event.state {
            WorkerState::Connected => {
                let is_new = !self.slots.contains_key(&event.worker);
                let slot = self.slot(&event.worker, now);
                if is_new && let Some(worker) = slot.and_then(|slot| self.workers.get_mut(&slot)) {
                    worker.unseen = None;
                }
                is_new && slot.is_some()
            }
            WorkerState::Disconnected => self.slots.remove(&event.worker).is_some_and(|slot| self.forget(slot)),
        };
        Change { workers, first_waiting: false }
    }

    fn forget(&mut self, slot: u32) -> bool {
        let worker = self.workers.remove(&slot);
        self.has_stale |= worker.as_ref().is_some_and(|worker| worker.tasks > 0);
        worker.is_some()
    }

    /// Where a worker is known; `None` for one more than can be.
    fn slot(&mut self, id: &WorkerId, now: Timestamp) -> Option<u32> {
        if let Some(slot) = self.slots.get(id) {
            return Some(*slot);
        }
        if self.slots.len() >= MOST_WORKERS {
            return None;
        }
        let slot = self.next_slot;
        self.next_slot = self.next_slot.wrapping_add(1);
        self.slots.insert(id.clone(), slot);
        let worker = Worker {
            id: id.clone(),
            tasks: 0,
            unseen: Some(0),
            sent: None,
            in_process: 0,
            running_since: None,
            contradicted: 0,
            missing: 0,
            as_of: now,
        };
        self.workers.insert(slot, worker);
        Some(slot)
    }

    /// The report that comes once a second: it corrects what events did not tell.
    pub(super) fn report(&mut self, report: &StateScheduler, now: Timestamp) -> Change {
        self.has_report = true;
        let was_waiting = self.waiting > 0;
        let inactive = report.tasks.iter().filter(|count| count.state == TaskState::Inactive as u8);
        self.waiting = inactive.map(|count| u64::from(count.count)).sum();
        let mut change = Change { workers: false, first_waiting: !was_waiting && self.waiting > 0 };

        let mut listed = HashSet::with_capacity(report.workers.len());
        let mut contradicted = HashSet::new();
        for status in &report.workers {
            let is_new = !self.slots.contains_key(&status.id);
            let Some(slot) = self.slot(&status.id, now) else { continue };
            change.workers |= is_new;
            listed.insert(slot);
            if let Some(worker) = self.workers.get_mut(&slot)
                && worker.reported(status, now)
            {
                contradicted.insert(slot);
            }
        }
        let missing: Vec<WorkerId> =
            self.workers.iter_mut().filter_map(|(slot, worker)| worker.is_missed(listed.contains(slot))).collect();
        for id in missing {
            change.workers |= self.slots.remove(&id).is_some_and(|slot| self.forget(slot));
        }
        if self.has_stale || !contradicted.is_empty() {
            self.tasks.retain(|_, slot| self.workers.contains_key(slot) && !contradicted.contains(slot));
            self.has_stale = false;
        }
        change
    }
}

impl Worker {
    /// Takes over what a report says; whether its tasks are refuted for good.
    fn reported(&mut self, status: &WorkerStatus, now: Timestamp) -> bool {
        if self.unseen.is_some() {
            let unseen = status.sent.saturating_sub(self.tasks);
            self.unseen = (unseen > 0).then_some(unseen);
        }
        self.sent = Some(status.sent);
        self.as_of = now;
        let at_work = || status.processors.iter().filter(|processor| processor.has_task && !processor.suspended);
        let in_process = status.processors.iter().filter(|processor| processor.has_task).count();
        self.in_process = u32::try_from(in_process).unwrap_or(u32::MAX);
        let age = at_work().map(|processor| processor.task_age_seconds).max().filter(|age| *age > 0);
        self.running_since = age.map(|age| now - Duration::from_secs(u64::from(age)));

        if self.tasks == 0 || status.sent > 0 {
            self.contradicted = 0;
            return false;
        }
        self.contradicted += 1;
        let is_refuted = self.contradicted >= CONTRADICTIONS;
        if is_refuted {
            self.tasks = 0;
            self.contradicted = 0;
        }
        is_refuted
    }

    fn is_missed(&mut self, is_listed: bool) -> Option<WorkerId> {
        self.missing = if is_listed { 0 } else { self.missing + 1 };
        (self.missing >= CONTRADICTIONS).then(|| self.id.clone())
    }
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
