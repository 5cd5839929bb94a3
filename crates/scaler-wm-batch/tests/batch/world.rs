//! An executor at the services in memory.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sdk_batch::config::{BehaviorVersion, Region, retry::RetryConfig};
use bytes::Bytes;
use scaler_wm_aws::AwsSettings;
use scaler_wm_batch::{BatchConfig, BatchExecutor};
use scaler_wm_core::{
    Completion, Inputs, Result, Submission, TaskEntry, TaskExecutor as _, TaskId, TaskJournal, TaskOutcome, Ticket,
};
use scaler_wm_journal::MemoryJournal;
use tokio::time::timeout;

use crate::fake::Fake;

/// Longer than anything takes here, time being paused.
const PATIENCE: Duration = Duration::from_secs(3600);

pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) executor: Arc<BatchExecutor>,
}

pub(crate) fn task(name: &str) -> TaskId {
    TaskId::from(name)
}

/// A task with an argument of so many bytes that do not shrink.
pub(crate) fn submission(name: &str, size: usize) -> Submission {
    let mut random = fastrand::Rng::with_seed(7);
    let argument: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(size).collect();
    let part = Bytes::from_static(b"part");
    let inputs = Inputs { serializer: part.clone(), function: part, arguments: vec![argument.into()] };
    Submission { task: task(name), client: Bytes::from_static(b"Client|x"), inputs }
}

macro_rules! client {
    ($sdk:ident, $fake:expr $(, $set:ident($value:expr))*) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::for_tests())
                .retry_config(RetryConfig::disabled())
                .http_client($fake.clone())
                $(.$set($value))*
                .build(),
        )
    };
}

impl World {
    pub(crate) fn new(change: impl FnOnce(&mut BatchConfig)) -> Self {
        Self::of(Fake::default(), Arc::default(), change)
    }

    /// A new process, where an earlier one was killed.
    pub(crate) fn restarted(self) -> Self {
        let Self { fake, journal, executor } = self;
        drop(executor);
        Self::of(fake, journal, |_| {})
    }

    fn of(fake: Fake, journal: Arc<MemoryJournal>, change: impl FnOnce(&mut BatchConfig)) -> Self {
        let mut config = BatchConfig::new(AwsSettings::new("us-east-1"), "q", "d", "b");
        config.prefix = "p".to_owned();
        change(&mut config);
        let batch = client!(aws_sdk_batch, fake);
        let s3 = client!(aws_sdk_s3, fake, force_path_style(true), endpoint_url("http://s3"));
        let logs = client!(aws_sdk_cloudwatchlogs, fake);
        let record = Arc::clone(&journal) as Arc<dyn TaskJournal>;
        let executor = Arc::new(BatchExecutor::with_clients(config, record, batch, s3, logs));
        Self { fake, journal, executor }
    }

    /// As agents do it: on record before and after.
    pub(crate) async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        let ids: Vec<TaskId> = tasks.iter().map(|submission| submission.task.clone()).collect();
        self.journal.handing_over(&ids).await.unwrap();
        self.executor.submit(tasks).await
    }

    /// Tasks that are taken; their handles.
    pub(crate) async fn submitted(&self, names: &[&str]) -> Vec<String> {
        let tasks = names.iter().map(|name| submission(name, 1)).collect();
        let answers = self.submit(tasks).await;
        answers.into_iter().map(|(_, answer)| String::from_utf8(answer.unwrap().handle.to_vec()).unwrap()).collect()
    }

    pub(crate) async fn next(&self) -> Completion {
        timeout(PATIENCE, self.executor.next()).await.expect("a task to end")
    }

    pub(crate) async fn is_silent(&self) -> bool {
        timeout(Duration::from_secs(120), self.executor.next()).await.is_err()
    }

    /// What is on record, as a new process reads it.
    pub(crate) async fn recover(&self) -> Result<Vec<TaskId>> {
        let known: Vec<TaskEntry> = self.journal.tasks().await.unwrap();
        let tickets = self.executor.recover(known).await?;
        let mut tasks: Vec<TaskId> = tickets.into_iter().map(|ticket| ticket.task).collect();
        tasks.sort();
        Ok(tasks)
    }
}

/// What a task has returned.
pub(crate) fn returned(completion: &Completion) -> &[u8] {
    match &completion.outcome {
        TaskOutcome::Returned(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

/// Why a task has failed.
pub(crate) fn failed(completion: &Completion) -> String {
    match &completion.outcome {
        TaskOutcome::Failed(error) => error.to_string(),
        other => panic!("{other:?}"),
    }
}
