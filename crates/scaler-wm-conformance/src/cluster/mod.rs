//! Somebody else's scheduler, in memory: tasks that a test decides about, with faults on demand.

mod executor;
mod jobs;
mod work;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
pub use executor::MemoryExecutor;
use jobs::Jobs;
use scaler_wm_core::{ErrorKind, TaskId};
use tokio::sync::Notify;
pub use work::{Work, raised};

/// What comes of a call that hands tasks over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextSubmit {
    /// Each task runs.
    Works,
    /// None is taken, for a reason of this kind.
    Fails(ErrorKind),
    /// Each runs, and the caller hears that nobody knows.
    LosesReply,
}

/// Somebody else's scheduler, in memory. It outlives its executors as Batch outlives a manager; a clone is the same one.
#[derive(Clone, Debug, Default)]
pub struct MemoryCluster {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    jobs: Mutex<Jobs>,
    /// Something ended, or has come to run.
    pub(crate) moved: Notify,
}

impl MemoryCluster {
    /// A cluster that runs everything at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.inner.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No more than so many tasks run at once; the others wait.
    pub fn set_slots(&self, slots: usize) {
        self.jobs().slots = Some(slots);
        self.advance();
    }

    /// What comes of the next calls that hand tasks over, one after the other.
    pub fn script(&self, next: impl IntoIterator<Item = NextSubmit>) {
        self.jobs().script.extend(next);
    }

    /// Answers calls that hand tasks over or find them again so much later; they take effect at once.
    pub fn delay_submits(&self, delay: Duration) {
        self.jobs().submit_delay = delay;
    }

    /// Whether cancels fail.
    pub fn set_deaf(&self, is_deaf: bool) {
        self.jobs().is_deaf = is_deaf;
    }

    /// A task ends now, with whatever its work says.
    pub fn finish(&self, task: &TaskId) {
        self.jobs().finish(task);
        self.advance();
    }

    /// A task is lost, as one on a machine that goes.
    pub fn lose(&self, task: &TaskId) {
        self.jobs().lose(task);
        self.advance();
    }

    /// A task is lost by no fault of its own, and worth handing over once more.
    pub fn cut_short(&self, task: &TaskId) {
        self.jobs().cut_short(task);
        self.advance();
    }

    /// Tasks that run now, oldest first.
    #[must_use]
    pub fn running(&self) -> Vec<TaskId> {
        self.jobs().running()
    }

    /// Every task that ever began, each as often as it did.
    #[must_use]
    pub fn begun(&self) -> Vec<TaskId> {
        self.jobs().begun.clone()
    }

    /// How many calls handed tasks over so far.
    #[must_use]
    pub fn submits(&self) -> usize {
        self.jobs().submits
    }

    /// The tasks whose outcome was released.
    #[must_use]
    pub fn released(&self) -> Vec<TaskId> {
        self.jobs().released.clone()
    }

    /// The tasks that an executor has canceled.
    #[must_use]
    pub fn canceled(&self) -> Vec<TaskId> {
        self.jobs().canceled.clone()
    }

    /// Starts what there is room for, and lets what is due end with time.
    pub(crate) fn advance(&self) {
        loop {
            let started = self.jobs().start();
            if started.is_empty() {
                break;
            }
            for (task, after) in started {
                if after.is_zero() {
                    self.jobs().finish(&task);
                    continue;
                }
                let cluster = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    cluster.finish(&task);
                });
            }
        }
        self.inner.moved.notify_waiters();
    }

    /// The handle of a task.
    pub(crate) fn handle_of(task: &TaskId) -> Bytes {
        Bytes::from(format!("job-{task}"))
    }
}
