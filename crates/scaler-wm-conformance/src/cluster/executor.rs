//! One process's connection to a cluster in memory.

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use scaler_wm_core::{
    CancelOutcome, Close, Completion, Error, ErrorKind, ExecutorInfo, Result, Submission, TaskEntry, TaskExecutor,
    TaskId, Ticket,
};

use super::{MemoryCluster, NextSubmit};

/// One process's connection to a [`MemoryCluster`]: it hears of the tasks that it submitted or recovered.
#[derive(Debug)]
pub struct MemoryExecutor {
    info: ExecutorInfo,
    cluster: MemoryCluster,
    ours: Mutex<HashSet<TaskId>>,
}

impl MemoryExecutor {
    /// A connection that has submitted nothing so far.
    #[must_use]
    pub fn new(cluster: &MemoryCluster) -> Self {
        let largest_batch = const { NonZeroUsize::new(100).expect("not 0") };
        let info =
            ExecutorInfo { name: "memory", largest_batch, outlives: true, closes_within: Duration::from_secs(30) };
        Self { info, cluster: cluster.clone(), ours: Mutex::default() }
    }

    fn ours(&self) -> MutexGuard<'_, HashSet<TaskId>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_ended(&self) -> Option<Completion> {
        let mut ours = self.ours();
        let (task, outcome) = self.cluster.jobs().take_ended(|task| ours.contains(task))?;
        ours.remove(&task);
        Some(Completion { task, outcome })
    }
}

#[async_trait]
impl TaskExecutor for MemoryExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        let (next, delay) = {
            let mut jobs = self.cluster.jobs();
            jobs.submits += 1;
            (jobs.script.pop_front().unwrap_or(NextSubmit::Works), jobs.submit_delay)
        };
        let answers: Vec<_> = tasks
            .into_iter()
            .map(|Submission { task, inputs, .. }| {
                let failed = |kind| Err(Error::new(kind, "submit a task", "the test says so"));
                let answer = match next {
                    NextSubmit::Works => Ok(Ticket { task: task.clone(), handle: MemoryCluster::handle_of(&task) }),
                    NextSubmit::Fails(kind) => failed(kind),
                    NextSubmit::LosesReply => failed(ErrorKind::Transient),
                };
                if !matches!(next, NextSubmit::Fails(_)) {
                    self.ours().insert(task.clone());
                    self.cluster.jobs().submit(&task, inputs);
                }
                (task, answer)
            })
            .collect();
        self.cluster.advance();
        tokio::time::sleep(delay).await;
        answers
    }

    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)> {
        let answers = tasks
            .iter()
            .map(|task| {
                let answer = self.cluster.jobs().cancel(task, force);
                if matches!(answer, Ok(CancelOutcome::Canceled)) {
                    self.ours().remove(task);
                }
                (task.clone(), answer)
            })
            .collect();
        self.cluster.advance();
        answers
    }

    async fn next(&self) -> Completion {
        loop {
            let moved = self.cluster.inner.moved.notified();
            if let Some(completion) = self.take_ended() {
                return completion;
            }
            moved.await;
        }
    }

    async fn release(&self, tasks: &[TaskId]) {
        let mut jobs = self.cluster.jobs();
        tasks.iter().for_each(|task| jobs.release(task));
    }

    async fn recover(&self, known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
        let there = known.into_iter().map(|entry| entry.task).filter(|task| self.cluster.jobs().recover(task));
        let tickets: Vec<_> = there.map(|task| Ticket { handle: MemoryCluster::handle_of(&task), task }).collect();
        self.ours().extend(tickets.iter().map(|ticket| ticket.task.clone()));
        self.cluster.inner.moved.notify_waiters();
        let delay = self.cluster.jobs().submit_delay;
        tokio::time::sleep(delay).await;
        Ok(tickets)
    }

    async fn close(&self, how: Close) -> Result<()> {
        if how == Close::Cancel {
            let ours: Vec<TaskId> = self.ours().iter().cloned().collect();
            for (_, answer) in self.cancel(&ours, true).await {
                answer?;
            }
        }
        Ok(())
    }
}
