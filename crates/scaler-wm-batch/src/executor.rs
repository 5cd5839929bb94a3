//! The executor: tasks as jobs of AWS Batch.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_batch::Client as SdkBatch;
use aws_sdk_cloudwatchlogs::Client as SdkLogs;
use aws_sdk_s3::Client as SdkS3;
use scaler_wm_agent::payload::Envelope;
use scaler_wm_aws::Calls;
use scaler_wm_core::{
    CancelOutcome, Chain, Close, Completion, Error, ErrorKind, ExecutorInfo, Result, Submission, TaskEntry,
    TaskExecutor, TaskId, TaskJournal, Ticket, control::CallFigures,
};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    BatchConfig,
    book::Entered,
    cancel::cancel,
    inner::{Inner, lock},
    look::watch,
    objects::client,
    recover::recover,
    send::{Offer, collect},
};

/// How long an end may take: AWS gives a job half a minute to end by itself.
const CLOSES_WITHIN: Duration = Duration::from_secs(60);
/// What of that is left for removing objects.
const LEFT_FOR_OBJECTS: Duration = Duration::from_secs(10);

/// Tasks as jobs of AWS Batch.
pub struct BatchExecutor {
    info: ExecutorInfo,
    inner: Arc<Inner>,
    offers: mpsc::UnboundedSender<Offer>,
    ended: AsyncMutex<mpsc::UnboundedReceiver<Completion>>,
    /// What works for it; it stands still when this is dropped.
    work: Mutex<JoinSet<()>>,
}

impl BatchExecutor {
    /// An executor that has submitted nothing. `journal` is where a later process finds what this one has left.
    ///
    /// Must be called in a tokio runtime with its timers and I/O enabled; a current-thread one is enough. Nothing is called
    /// so far.
    ///
    /// # Errors
    /// None today.
    pub async fn start(config: BatchConfig, journal: Arc<dyn TaskJournal>) -> Result<Self> {
        let sdk = config.aws.load().await;
        Ok(Self::with_clients(config, journal, SdkBatch::new(&sdk), client(&sdk), SdkLogs::new(&sdk)))
    }

    /// One that calls by these clients.
    #[must_use]
    pub fn with_clients(
        config: BatchConfig,
        journal: Arc<dyn TaskJournal>,
        batch: SdkBatch,
        s3: SdkS3,
        logs: SdkLogs,
    ) -> Self {
        let (tell, ended) = mpsc::unbounded_channel();
        let (offers, offered) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner::new(config, journal, (batch, s3, logs), tell));
        let mut work = JoinSet::new();
        work.spawn(collect(Arc::clone(&inner), offered));
        work.spawn(watch(Arc::clone(&inner)));
        let largest_batch = const { NonZeroUsize::new(10_000).expect("not 0") };
        Self {
            info: ExecutorInfo { name: "aws_hpc", largest_batch, outlives: true, closes_within: CLOSES_WITHIN },
            inner,
            offers,
            ended: AsyncMutex::new(ended),
            work: Mutex::new(work),
        }
    }

    /// The calls so far, by their names in the API.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        self.inner.calls()
    }

    /// Stops taking tasks, and waits until those whose jobs are being made are out there.
    async fn settle(&self, until: Instant) {
        let mut news = self.inner.news();
        self.inner.book().withdraw_collected();
        while self.inner.book().is_sending() && timeout_at(until, news.changed()).await.is_ok() {}
    }

    async fn close_all(&self) -> Result<()> {
        let until = Instant::now() + CLOSES_WITHIN - LEFT_FOR_OBJECTS;
        self.settle(until).await;
        let mut news = self.inner.news();
        let running = self.inner.book().running();
        let answers = cancel(&self.inner, &running, true).await;
        let failed = answers.into_iter().filter_map(|(task, answer)| answer.err().map(|error| (task, error)));
        let failed: Vec<(TaskId, Error)> = failed.collect();
        // What is still out there may put one more object into the bucket.
        while failed.is_empty() && self.inner.book().is_busy() && timeout_at(until, news.changed()).await.is_ok() {}
        let unconfirmed = self.inner.book().unfinished();
        lock(&self.work).abort_all();
        let runs = self.inner.book().take_all();
        let keys = runs.iter().flat_map(|run| run.objects(&self.inner.config.prefix)).collect();
        let deleted = self.inner.objects.delete(keys).await;
        if let Some((_, error)) = failed.first() {
            let context = format!("{} of them may still run: {}", failed.len(), Chain(error));
            return Err(Error::new(error.kind(), "terminate jobs", context));
        }
        if unconfirmed > 0 {
            let context =
                format!("{unconfirmed} of them have not confirmed their end; they may run on, or leave objects");
            return Err(Error::new(ErrorKind::Transient, "terminate jobs", context));
        }
        deleted.map_err(|(keys, error)| error.with_advice(&format!("{} of them stay in the bucket", keys.len())))
    }
}

impl fmt::Debug for BatchExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchExecutor").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Failed, "hand over a task", "the executor has closed")
}

#[async_trait]
impl TaskExecutor for BatchExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        let mut answers = Vec::with_capacity(tasks.len());
        let mut waiting = Vec::new();
        let mut left = Vec::new();
        for submission in tasks {
            let task = submission.task.clone();
            // Before it is one of many: what can never travel keeps nobody else back.
            if let Err(error) = Envelope::new(&submission.inputs) {
                answers.push((task, Err(error)));
                continue;
            }
            let entered = self.inner.book().enter(&task);
            match entered {
                Entered::New(number, earlier) => {
                    left.extend(earlier.into_iter().flat_map(|run| run.objects(&self.inner.config.prefix)));
                    let (answer, answered) = oneshot::channel();
                    // Fails only at our end, and then the answer says so.
                    drop(self.offers.send(Offer { number, submission, answer }));
                    waiting.push((task, answered));
                }
                Entered::Known(run) => {
                    let handle = run.place.handle(Some(&run.job));
                    answers.push((task.clone(), Ok(Ticket { task, handle })));
                }
                Entered::Busy => {
                    let error =
                        Error::new(ErrorKind::Transient, "submit a job", "one of its task comes or goes just now");
                    answers.push((task, Err(error)));
                }
            }
        }
        if !left.is_empty() {
            self.inner.delete(left).await;
        }
        for (task, answered) in waiting {
            answers.push((task, answered.await.unwrap_or_else(|_| Err(closed()))));
        }
        answers
    }

    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)> {
        // In a task of its own: what has begun to end is ended, also where nobody waits for the answer any more.
        let (answer, answered) = oneshot::channel();
        let (inner, wanted) = (Arc::clone(&self.inner), tasks.to_vec());
        {
            let mut work = lock(&self.work);
            // What has been done leaves no trace.
            while work.try_join_next().is_some() {}
            work.spawn(async move {
                let answers = cancel(&inner, &wanted, force).await;
                drop(answer.send(answers));
            });
        }
        answered.await.unwrap_or_else(|_| tasks.iter().map(|task| (task.clone(), Err(closed()))).collect())
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.inner.calls().figures()
    }

    fn place(&self) -> String {
        format!("job queue {}, {}", self.inner.config.queue, self.inner.config.aws.region)
    }

    async fn next(&self) -> Completion {
        // Cancel safe: a channel's receiver loses nothing.
        match self.ended.lock().await.recv().await {
            Some(completion) => completion,
            None => std::future::pending().await,
        }
    }

    async fn release(&self, tasks: &[TaskId]) {
        let runs = self.inner.book().release(tasks);
        let keys: Vec<String> = runs.iter().flat_map(|run| run.objects(&self.inner.config.prefix)).collect();
        if !keys.is_empty() {
            self.inner.delete(keys).await;
        }
    }

    async fn recover(&self, known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
        recover(&self.inner, known).await
    }

    async fn close(&self, how: Close) -> Result<()> {
        match how {
            Close::Cancel => self.close_all().await,
            Close::Keep => {
                self.settle(Instant::now() + CLOSES_WITHIN).await;
                lock(&self.work).abort_all();
                Ok(())
            }
        }
    }
}
