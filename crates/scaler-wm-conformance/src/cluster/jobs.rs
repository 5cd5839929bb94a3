//! The tasks of a cluster in memory, and where each is.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use scaler_wm_core::{CancelOutcome, Error, ErrorKind, Inputs, Result, TaskId, TaskOutcome};

use super::{NextSubmit, work};

/// A task that has not been told as ended.
#[derive(Debug)]
struct Job {
    inputs: Inputs,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Waiting,
    Running,
    Ended(TaskOutcome),
    /// Told, and kept until it is released.
    Told(TaskOutcome),
}

#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pub(super) slots: Option<usize>,
    pub(super) script: VecDeque<NextSubmit>,
    pub(super) submit_delay: Duration,
    pub(super) is_deaf: bool,
    pub(super) begun: Vec<TaskId>,
    pub(super) canceled: Vec<TaskId>,
    pub(super) submits: usize,
    pub(super) released: Vec<TaskId>,
    jobs: HashMap<TaskId, Job>,
    /// In the order in which they came.
    order: VecDeque<TaskId>,
    /// In the order in which they ended.
    ended: VecDeque<TaskId>,
}

impl Jobs {
    pub(super) fn submit(&mut self, task: &TaskId, inputs: Inputs) {
        if matches!(self.jobs.get(task).map(|job| &job.phase), Some(Phase::Told(_))) {
            // It was told, and whoever was told asks again.
            self.remove(task);
        }
        // The same task again is the same job, as for a client token.
        self.jobs.entry(task.clone()).or_insert_with(|| {
            self.order.push_back(task.clone());
            Job { inputs, phase: Phase::Waiting }
        });
    }

    pub(super) fn running(&self) -> Vec<TaskId> {
        let is_running = |task: &&TaskId| matches!(self.jobs.get(*task).map(|job| &job.phase), Some(Phase::Running));
        self.order.iter().filter(is_running).cloned().collect()
    }

    /// Starts what there is room for: each task with how long it takes.
    pub(super) fn start(&mut self) -> Vec<(TaskId, Duration)> {
        let mut started = Vec::new();
        let mut running = self.running().len();
        for task in &self.order {
            let Some(job) = self.jobs.get_mut(task) else { continue };
            if matches!(job.phase, Phase::Waiting) && self.slots.is_none_or(|slots| running < slots) {
                job.phase = Phase::Running;
                running += 1;
                self.begun.push(task.clone());
                started.push((task.clone(), work::read(&job.inputs).0));
            }
        }
        started
    }

    pub(super) fn finish(&mut self, task: &TaskId) {
        let outcome = self.jobs.get(task).map(|job| work::read(&job.inputs).1);
        self.end(task, outcome);
    }

    pub(super) fn lose(&mut self, task: &TaskId) {
        let lost = Error::new(ErrorKind::Failed, "run a task", "its machine is gone");
        self.end(task, Some(TaskOutcome::Failed(lost)));
    }

    pub(super) fn cut_short(&mut self, task: &TaskId) {
        let lost = Error::new(ErrorKind::Failed, "run a task", "its machine was taken away");
        self.end(task, Some(TaskOutcome::Again(lost)));
    }

    fn end(&mut self, task: &TaskId, outcome: Option<TaskOutcome>) {
        if let (Some(job), Some(outcome)) = (self.jobs.get_mut(task), outcome)
            && matches!(job.phase, Phase::Running | Phase::Waiting)
        {
            job.phase = Phase::Ended(outcome);
            self.ended.push_back(task.clone());
        }
    }

    pub(super) fn cancel(&mut self, task: &TaskId, force: bool) -> Result<CancelOutcome> {
        if self.is_deaf {
            return Err(Error::new(ErrorKind::Transient, "cancel a task", "the test says so"));
        }
        Ok(match self.jobs.get(task).map(|job| &job.phase) {
            None | Some(Phase::Ended(_) | Phase::Told(_)) => CancelOutcome::NotFound,
            Some(Phase::Running) if !force => CancelOutcome::Running,
            Some(Phase::Running | Phase::Waiting) => {
                self.remove(task);
                self.canceled.push(task.clone());
                CancelOutcome::Canceled
            }
        })
    }

    fn remove(&mut self, task: &TaskId) {
        self.order.retain(|other| other != task);
        self.jobs.remove(task);
    }

    /// The next task that has ended of those that `is_ours`: told once, and kept until it is released.
    pub(super) fn take_ended(&mut self, is_ours: impl Fn(&TaskId) -> bool) -> Option<(TaskId, TaskOutcome)> {
        let index = self.ended.iter().position(is_ours)?;
        let task = self.ended.remove(index)?;
        let job = self.jobs.get_mut(&task)?;
        let Phase::Ended(outcome) = &job.phase else { return None };
        if let TaskOutcome::Again(_) = outcome {
            let told = copy(outcome);
            self.remove(&task);
            return Some((task, told));
        }
        let (told, kept) = (copy(outcome), copy(outcome));
        job.phase = Phase::Told(kept);
        Some((task, told))
    }

    /// A new process asks for it: what was told to an earlier one is told again.
    pub(super) fn recover(&mut self, task: &TaskId) -> bool {
        let Some(job) = self.jobs.get_mut(task) else { return false };
        if let Phase::Told(outcome) = &job.phase {
            job.phase = Phase::Ended(copy(outcome));
            self.ended.push_back(task.clone());
        }
        true
    }

    pub(super) fn release(&mut self, task: &TaskId) {
        if matches!(self.jobs.get(task).map(|job| &job.phase), Some(Phase::Told(_))) {
            self.remove(task);
            self.released.push(task.clone());
        }
    }
}

fn copy(outcome: &TaskOutcome) -> TaskOutcome {
    match outcome {
        TaskOutcome::Returned(bytes) => TaskOutcome::Returned(bytes.clone()),
        TaskOutcome::Raised(bytes) => TaskOutcome::Raised(bytes.clone()),
        // The reason is the same whoever hears it.
        TaskOutcome::Failed(error) => TaskOutcome::Failed(again(error)),
        TaskOutcome::Again(error) => TaskOutcome::Again(again(error)),
    }
}

fn again(error: &Error) -> Error {
    Error::new(error.kind(), "run a task", error.to_string())
}
