//! Tasks that wait for their turn.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use scaler_wm_core::TaskId;

use crate::hub::Job;

/// A task's turn: a higher priority first, and those of one priority in the order in which they came.
type Turn = (Reverse<i32>, u64);

/// Tasks that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: BTreeMap<Turn, Job>,
    turns: HashMap<TaskId, Turn>,
    last: u64,
    bytes: usize,
}

impl Queue {
    pub(super) fn push(&mut self, job: Job) {
        self.last += 1;
        self.bytes += job.bytes();
        let turn = (Reverse(job.priority), self.last);
        self.turns.insert(job.task.clone(), turn);
        self.jobs.insert(turn, job);
    }

    /// The priority of the next one.
    pub(super) fn next_priority(&self) -> Option<i32> {
        self.jobs.first_key_value().map(|((Reverse(priority), _), _)| *priority)
    }

    pub(super) fn pop(&mut self) -> Option<Job> {
        let (_, job) = self.jobs.pop_first()?;
        self.turns.remove(&job.task);
        self.bytes -= job.bytes();
        // A burst of work must not keep its memory for ever.
        if self.turns.capacity() > 1024 && self.turns.len() * 8 < self.turns.capacity() {
            self.turns.shrink_to(self.turns.len() * 2);
        }
        Some(job)
    }

    /// Takes one out of the middle; whether it was there.
    pub(super) fn remove(&mut self, task: &TaskId) -> bool {
        let job = self.turns.remove(task).and_then(|turn| self.jobs.remove(&turn));
        self.bytes -= job.as_ref().map_or(0, Job::bytes);
        job.is_some()
    }

    pub(super) fn contains(&self, task: &TaskId) -> bool {
        self.turns.contains_key(task)
    }

    /// Of all ids in them.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
