//! Allocation: which worker gets a task, and which tasks are taken away from it again.

mod ability;
mod balance;
mod capability;
mod even_load;
mod queues;

use std::fmt;

pub(super) use capability::ByCapability;
pub(super) use even_load::EvenLoad;

use crate::{Capabilities, TaskId, WorkerId};

/// Gives tasks to workers.
///
/// Where workers are equal, the order of arrival decides, so that the same calls give the same answers.
pub trait Allocator: fmt::Debug + Send {
    /// Adds a worker that takes up to `queue_size` tasks; whether it is new.
    fn add_worker(&mut self, worker: WorkerId, capabilities: &Capabilities, queue_size: usize) -> bool;

    /// Takes a worker away; the tasks that it had, the oldest first. None for one that is not there.
    fn remove_worker(&mut self, worker: &WorkerId) -> Vec<TaskId>;

    /// Gives a task to a worker; `None` if there is none for it now. A task that a worker has already stays there.
    fn assign(&mut self, task: TaskId, capabilities: &Capabilities) -> Option<WorkerId>;

    /// Takes a task away; the worker that had it.
    fn remove_task(&mut self, task: &TaskId) -> Option<WorkerId>;

    /// Which tasks to take back from which workers, since others are idle. Nothing is changed: who follows this advice
    /// removes the tasks and assigns them again.
    fn balance(&self) -> Vec<(WorkerId, Vec<TaskId>)>;

    /// Tasks per worker, in order of the workers' arrival.
    fn loads(&self) -> Vec<(WorkerId, usize)>;
}
