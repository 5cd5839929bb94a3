//! An executor with nothing behind it: a task returns its first argument, in no time or when it is told.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    CancelOutcome, Close, Completion, ExecutorInfo, Result, Submission, TaskEntry, TaskExecutor, TaskId, TaskOutcome,
    Ticket,
};
use tokio::sync::{Mutex as AsyncMutex, mpsc};

/// `None`, pickled: what a task without arguments returns.
const NONE: &[u8] = b"\x80\x04N.";

/// An executor whose tasks return their first argument.
pub(crate) struct InstantExecutor {
    info: ExecutorInfo,
    tasks: Mutex<Tasks>,
    tell: mpsc::UnboundedSender<Completion>,
    ended: AsyncMutex<mpsc::UnboundedReceiver<Completion>>,
}

struct Tasks {
    holds: bool,
    held: HashMap<TaskId, Bytes>,
}

impl InstantExecutor {
    /// One that holds what it is given, or does not.
    pub(crate) fn new(holds: bool) -> Self {
        let (tell, ended) = mpsc::unbounded_channel();
        Self {
            info: ExecutorInfo {
                name: "instant",
                largest_batch: NonZeroUsize::MAX,
                outlives: false,
                closes_within: Duration::from_secs(30),
            },
            tasks: Mutex::new(Tasks { holds, held: HashMap::new() }),
            tell,
            ended: AsyncMutex::new(ended),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what comes from now on is held.
    pub(crate) fn hold(&self, holds: bool) {
        self.tasks().holds = holds;
    }

    /// Every task that is held.
    pub(crate) fn held(&self) -> Vec<TaskId> {
        self.tasks().held.keys().cloned().collect()
    }

    /// Lets a task that is held end; whether it was.
    pub(crate) fn end(&self, task: &TaskId) -> bool {
        let ended = self.tasks().held.remove_entry(task);
        ended.map(|(task, result)| self.tell_end(task, result)).is_some()
    }

    fn tell_end(&self, task: TaskId, result: Bytes) {
        // Fails only at our end.
        drop(self.tell.send(Completion { task, outcome: TaskOutcome::Returned(result) }));
    }
}

#[async_trait]
impl TaskExecutor for InstantExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        let take = |Submission { task, inputs, .. }: Submission| {
            let result = inputs.arguments.into_iter().next().unwrap_or(Bytes::from_static(NONE));
            let mut tasks = self.tasks();
            if tasks.holds {
                tasks.held.insert(task.clone(), result);
            } else {
                self.tell_end(task.clone(), result);
            }
            (task.clone(), Ok(Ticket { task, handle: Bytes::new() }))
        };
        tasks.into_iter().map(take).collect()
    }

    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)> {
        let cancel = |task: &TaskId| {
            let mut tasks = self.tasks();
            let outcome = match tasks.held.contains_key(task) {
                true if force => {
                    tasks.held.remove(task);
                    CancelOutcome::Canceled
                }
                true => CancelOutcome::Running,
                false => CancelOutcome::NotFound,
            };
            (task.clone(), Ok(outcome))
        };
        tasks.iter().map(cancel).collect()
    }

    async fn next(&self) -> Completion {
        // Cancel safe: a channel's receiver loses nothing.
        match self.ended.lock().await.recv().await {
            Some(completion) => completion,
            None => std::future::pending().await,
        }
    }

    async fn recover(&self, _known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
        Ok(Vec::new())
    }

    async fn close(&self, _how: Close) -> Result<()> {
        Ok(())
    }
}
