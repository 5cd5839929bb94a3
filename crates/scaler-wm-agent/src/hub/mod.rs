//! What all agents of a process share: objects, the executor, and which task is where.

mod desk;
mod inputs;
mod orphans;
mod outcomes;
mod records;
mod submit;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) use desk::Claim;
use desk::{Desk, Withdrawn};
pub(crate) use inputs::Job;
use inputs::Objects;
use scaler_wm_core::{CancelOutcome, Chain, Clock, Completion, Seldom, Submission, TaskExecutor, TaskId, TaskJournal};
use scaler_wm_wire::{
    storage::{StorageClient, StorageSettings},
    ymq::{Backend, ConnectOptions, Identity, Reconnect},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep},
};
use tracing::warn;

use crate::AgentConfig;

/// A cancel by force that fails is tried so often, at growing intervals.
const CANCEL_TRIES: u32 = 4;
const CANCEL_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What all agents of a process share.
pub(crate) struct Hub {
    executor: Arc<dyn TaskExecutor>,
    journal: Option<Arc<dyn TaskJournal>>,
    storage: StorageClient,
    objects: Objects,
    desk: Mutex<Desk>,
    offers: mpsc::UnboundedSender<Submission>,
    over: mpsc::UnboundedSender<TaskId>,
    /// What is said of tasks that fail.
    says: Mutex<Seldom>,
}

/// What came of a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canceled {
    /// It will not run, and nothing follows.
    Yes,
    /// It goes on: what comes of it follows.
    No,
    /// It has ended: what came of it is on its way to its agent.
    Ended,
}

impl Hub {
    /// A hub, and what works for it: it stands still when that is dropped.
    pub(crate) fn start(
        config: &AgentConfig,
        executor: Arc<dyn TaskExecutor>,
        journal: Arc<dyn TaskJournal>,
    ) -> (Arc<Self>, JoinSet<()>) {
        let storage = StorageClient::start(StorageSettings {
            identity: Identity::from(format!("{}|{}|{:032x}", config.kind, config.manager, fastrand::u128(..))),
            address: config.storage.clone(),
            // Whatever carries messages to the scheduler, the released object storage speaks YMQ (2.6.0 and 2.9.0).
            connect: ConnectOptions { backend: Backend::Ymq, ..config.connect.clone() },
            reconnect: Reconnect::default(),
            seed: config.seed,
        });
        let (offers, offered) = mpsc::unbounded_channel();
        let (over, ended) = mpsc::unbounded_channel();
        let hub = Arc::new(Self {
            // Where tasks end with their process there is nothing to be found again.
            journal: executor.info().outlives.then_some(journal),
            executor,
            storage,
            objects: Objects::new(config.object_cache_bytes),
            desk: Mutex::default(),
            offers,
            over,
            // A line for each, as long as that is no flood.
            says: Mutex::new(Seldom::new(100, Duration::from_secs(5))),
        });
        let mut work = JoinSet::new();
        work.spawn(submit::run(Arc::clone(&hub), offered));
        work.spawn(outcomes::run(Arc::clone(&hub)));
        work.spawn(records::run(Arc::clone(&hub), ended));
        work.spawn(orphans::run(Arc::clone(&hub), config.pick_up_within));
        (hub, work)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // No change here can stop half-way, so what a panicking thread left is whole.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn storage(&self) -> &StorageClient {
        &self.storage
    }

    pub(crate) const fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Says one more line of a task that fails, if it may be said, with how many were left out before it.
    pub(crate) fn say(&self, line: impl FnOnce(Option<u64>)) {
        self.says.lock().unwrap_or_else(PoisonError::into_inner).say(Clock::system().now(), line);
    }

    /// An agent wants a task done.
    pub(crate) fn claim(&self, task: &TaskId) -> Claim {
        self.desk().claim(task)
    }

    /// Its inputs are here: it can be handed over.
    pub(crate) fn offer(&self, submission: Submission) {
        if self.desk().offer(&submission.task) {
            // Fails only when the hub stands still, and then nothing is handed over any more.
            drop(self.offers.send(submission));
        }
    }

    /// The agent that waited for it has no use for it any longer, as it will not be handed over.
    pub(crate) fn forget(&self, task: &TaskId) {
        self.desk().forget(task);
    }

    /// The agent that waited for it waits no longer; another one may ask for it.
    pub(crate) fn abandon(&self, task: &TaskId) {
        if !self.desk().abandon(task, Instant::now()) {
            self.over(task.clone());
        }
    }

    /// What came of it is where it belongs, or of no use.
    pub(crate) fn over(&self, task: TaskId) {
        drop(self.over.send(task));
    }

    /// Cancels a task, one that runs only by force.
    pub(crate) async fn cancel(&self, task: &TaskId, force: bool) -> Canceled {
        match self.desk().withdraw(task) {
            Withdrawn::InTime => return Canceled::Yes,
            Withdrawn::Unknown => return Canceled::Ended,
            Withdrawn::TooLate => {}
        }
        let mut wait = CANCEL_AGAIN_AFTER;
        for tries in 1.. {
            let answers = self.executor.cancel(std::slice::from_ref(task), force).await;
            match answers.into_iter().find(|(answered, _)| answered == task).map(|(_, answer)| answer) {
                Some(Ok(CancelOutcome::Canceled)) => break,
                Some(Ok(CancelOutcome::Running)) => return Canceled::No,
                // Its end is about to be told, or, on another thread, it is about to be known: one moment shows which.
                Some(Ok(CancelOutcome::NotFound)) | None
                    if force && tries < CANCEL_TRIES && self.desk().is_taken(task) =>
                {
                    sleep(wait).await;
                    wait *= 2;
                }
                Some(Ok(CancelOutcome::NotFound)) | None if force => break,
                Some(Ok(CancelOutcome::NotFound)) | None => return Canceled::No,
                Some(Err(error)) if !force || tries >= CANCEL_TRIES => {
                    warn!(%task, error = %Chain(&error), "a task could not be canceled: it goes on");
                    return Canceled::No;
                }
                Some(Err(_)) => {
                    sleep(wait).await;
                    wait *= 2;
                }
            }
        }
        self.desk().forget(task);
        self.over(task.clone());
        Canceled::Yes
    }

    /// Cancels tasks by force, whose agent leaves. Those that cannot be canceled now are, in a while.
    pub(crate) async fn cancel_all(&self, tasks: &[TaskId]) {
        let mut running = Vec::new();
        for task in tasks {
            if self.desk().withdraw(task) == Withdrawn::TooLate {
                self.abandon(task);
                running.push(task.clone());
            }
        }
        for (task, answer) in self.executor.cancel(&running, true).await {
            if matches!(answer, Ok(CancelOutcome::Canceled | CancelOutcome::NotFound)) {
                self.desk().dissolve(&task);
                self.over(task);
            }
        }
    }

    fn ended(&self, Completion { task, outcome }: Completion) {
        if !self.desk().ended(task.clone(), outcome, Instant::now()) {
            self.over(task);
        }
    }
}
