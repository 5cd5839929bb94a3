//! The tasks of one agent, without any input or output.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use scaler_wm_core::TaskId;
use tokio::time::Instant;

use super::{queue::Queue, task::Done};
use crate::hub::{Canceled, Job};

/// The most tasks of one agent, and the most bytes of their ids and arguments' ids. No released scheduler gives a worker more
/// than its queue size.
const MOST_TASKS: usize = 2_000_000;
const MOST_TASK_BYTES: usize = 512 << 20;
/// Cancels of one task that are answered at a time; further ones are as good as answered.
const MOST_CANCELS: u32 = 16;

/// How an agent goes about its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It starts what there is room for.
    Working,
    /// It starts nothing.
    Holding,
    /// It finishes what runs, and starts only what that may wait for.
    HandingBack,
}

#[derive(Debug)]
struct Running {
    priority: i32,
    since: Instant,
    /// Cancels that have not been answered.
    cancels: u32,
    /// Its end, if that came before the answer to a cancel: the scheduler must hear of the answer first.
    held: Option<Done>,
    /// Whether it was taken away from this agent meanwhile.
    is_lost: bool,
}

/// What a cancel that has just come leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnCancel {
    /// It waited, and is gone.
    Dropped,
    /// It is under way: [`Book::canceled`] says more.
    Ask,
    /// Nobody has it.
    NotFound,
    /// The answers to earlier ones are on their way.
    Known,
}

/// What the answer to a cancel leads to.
#[derive(Debug)]
pub(super) enum AfterCancel {
    /// It is gone: nothing else is told of it, not even its end if that has come.
    Canceled(Option<Done>),
    /// It goes on, or has ended as told.
    GoesOn(Option<Done>),
    /// All that was here has been forgotten meanwhile.
    Forgotten,
}

/// What the end of a task leads to.
#[derive(Debug)]
pub(super) enum AfterEnd {
    /// The scheduler is told.
    Announce(Done),
    /// Nothing yet: a cancel of it has not been answered.
    Wait,
    /// Nobody wants it any more.
    Discard(Done),
}

/// The tasks of one agent.
#[derive(Debug)]
pub(super) struct Book {
    concurrency: usize,
    queue: Queue,
    running: HashMap<TaskId, Running>,
    /// How many run of each priority.
    priorities: BTreeMap<i32, usize>,
}

impl Book {
    pub(super) fn new(concurrency: u32) -> Self {
        Self {
            concurrency: concurrency as usize,
            queue: Queue::default(),
            running: HashMap::new(),
            priorities: BTreeMap::new(),
        }
    }

    /// A task has come. One that is here already stays as it is. Whether there is room for it.
    #[must_use]
    pub(super) fn take(&mut self, job: Job) -> bool {
        if self.running.contains_key(&job.task) || self.queue.contains(&job.task) {
            return true;
        }
        let has_room =
            self.queue.len() + self.running.len() < MOST_TASKS && self.queue.bytes() + job.bytes() <= MOST_TASK_BYTES;
        if has_room {
            self.queue.push(job);
        }
        has_room
    }

    /// The next task to be started, if there is one: it runs from here on.
    pub(super) fn start(&mut self, mode: Mode, now: Instant) -> Option<Job> {
        let next = self.queue.next_priority()?;
        // What runs may wait for what it has started itself, which has a higher priority.
        let is_awaited = self.priorities.last_key_value().is_none_or(|(highest, _)| next > *highest);
        let may_start = match mode {
            Mode::Working => self.has_room() || is_awaited,
            Mode::HandingBack => !self.running.is_empty() && is_awaited,
            Mode::Holding => false,
        };
        if !may_start {
            return None;
        }
        let job = self.queue.pop()?;
        let running = Running { priority: job.priority, since: now, cancels: 0, held: None, is_lost: false };
        self.running.insert(job.task.clone(), running);
        *self.priorities.entry(job.priority).or_default() += 1;
        Some(job)
    }

    fn remove(&mut self, task: &TaskId) -> Option<Running> {
        let running = self.running.remove(task)?;
        if let Some(count) = self.priorities.get_mut(&running.priority) {
            *count -= 1;
            if *count == 0 {
                self.priorities.remove(&running.priority);
            }
        }
        Some(running)
    }

    /// A cancel has come.
    pub(super) fn cancel(&mut self, task: &TaskId) -> OnCancel {
        if self.queue.remove(task) {
            return OnCancel::Dropped;
        }
        match self.running.get_mut(task) {
            Some(running) if running.cancels >= MOST_CANCELS => OnCancel::Known,
            Some(running) => {
                running.cancels += 1;
                OnCancel::Ask
            }
            None => OnCancel::NotFound,
        }
    }

    /// A cancel that was asked for has been answered.
    pub(super) fn canceled(&mut self, task: &TaskId, answer: Canceled, force: bool) -> AfterCancel {
        let Some(running) = self.running.get_mut(task) else { return AfterCancel::Forgotten };
        running.cancels = running.cancels.saturating_sub(1);
        // What has ended, and of which nobody has been told, can still be taken back.
        let is_taken_back = answer == Canceled::Ended && force && !running.is_lost;
        if answer == Canceled::Yes || is_taken_back {
            return AfterCancel::Canceled(self.remove(task).and_then(|running| running.held));
        }
        let is_over = running.cancels == 0 && (running.held.is_some() || running.is_lost);
        AfterCancel::GoesOn(if is_over { self.remove(task).and_then(|running| running.held) } else { None })
    }

    /// A task has ended, and its result is stored.
    pub(super) fn ended(&mut self, done: Done) -> AfterEnd {
        match self.running.get_mut(&done.task) {
            Some(running) if running.cancels > 0 => {
                running.held = Some(done);
                AfterEnd::Wait
            }
            Some(_) => {
                self.remove(&done.task);
                AfterEnd::Announce(done)
            }
            None => AfterEnd::Discard(done),
        }
    }

    /// A task was taken away from this agent.
    pub(super) fn lost(&mut self, task: &TaskId) {
        match self.running.get_mut(task) {
            // The answer to the cancel says what became of it.
            Some(running) if running.cancels > 0 => running.is_lost = true,
            _ => drop(self.remove(task)),
        }
    }

    /// Forgets everything; returns what was under way.
    pub(super) fn clear(&mut self) -> Vec<TaskId> {
        self.queue.clear();
        self.priorities.clear();
        self.running.drain().map(|(task, _)| task).collect()
    }

    pub(super) fn has_room(&self) -> bool {
        self.running.len() < self.concurrency
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Tasks under way, each with its age.
    pub(super) fn under_way(&self, now: Instant) -> impl Iterator<Item = (&TaskId, Duration)> {
        self.running.iter().map(move |(task, running)| (task, now.duration_since(running.since)))
    }

    pub(super) fn count_under_way(&self) -> usize {
        self.running.len()
    }

    /// Whether it has nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.len() == 0 && self.running.is_empty()
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
