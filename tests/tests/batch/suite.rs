//! The executor by itself does what every executor has to, at the emulator, with the released job runner.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_aws::{AwsSettings, Keys};
use scaler_wm_batch::{BatchConfig, BatchExecutor};
use scaler_wm_conformance::{ExecutorFixture, Work, executor_suite};
use scaler_wm_core::{Submission, TaskEntry, TaskExecutor, TaskId, TaskJournal, Ticket};
use scaler_wm_tests::{BUCKET, BatchCloud, BatchOptions, LATEST, QUEUE, RawTask, Result, Runner, Venv};

struct Batch {
    cloud: BatchCloud,
    tasks: RawTask,
    /// One record for all executors, as that of one manager outlives its processes.
    record: Arc<Record>,
}

/// What executors have put on record, although nobody has said that tasks would be handed over.
#[derive(Default)]
struct Record(Mutex<HashMap<TaskId, Bytes>>);

impl Record {
    fn handles(&self) -> MutexGuard<'_, HashMap<TaskId, Bytes>> {
        self.0.lock().expect("no test panics with it")
    }
}

#[async_trait]
impl TaskJournal for Record {
    async fn handing_over(&self, _tasks: &[TaskId]) -> scaler_wm_core::Result<()> {
        Ok(())
    }

    async fn handed_over(&self, tickets: &[Ticket]) -> scaler_wm_core::Result<()> {
        self.handles().extend(tickets.iter().map(|ticket| (ticket.task.clone(), ticket.handle.clone())));
        Ok(())
    }

    async fn ended(&self, _tasks: &[TaskId]) -> scaler_wm_core::Result<()> {
        Ok(())
    }

    async fn tasks(&self) -> scaler_wm_core::Result<Vec<TaskEntry>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ExecutorFixture for Batch {
    async fn executor(&self) -> Arc<dyn TaskExecutor> {
        let keys = Keys { id: "test".to_owned(), secret: "test".to_owned() };
        let aws = AwsSettings {
            keys: Some(keys),
            endpoint_url: Some(self.cloud.proxy.endpoint()),
            ..AwsSettings::new("us-east-1")
        };
        let config = BatchConfig {
            window: Duration::from_millis(100),
            ..BatchConfig::new(aws, QUEUE, Runner::Released.definition(), BUCKET)
        };
        Arc::new(
            BatchExecutor::start(config, Arc::clone(&self.record) as Arc<dyn TaskJournal>).await.expect("an executor"),
        )
    }

    fn submission(&self, task: TaskId, work: &Work) -> Submission {
        self.tasks.submission(task, work)
    }

    fn is_raised(&self, answer: &[u8], text: &str) -> bool {
        RawTask::is_raised(answer, text)
    }

    async fn on_record(&self, task: &TaskId) -> Option<Bytes> {
        self.record.handles().get(task).cloned()
    }

    fn patience(&self) -> Duration {
        // Each job starts a Python.
        Duration::from_secs(60)
    }
}

#[test]
fn the_suite() -> Result<()> {
    let cloud = BatchCloud::start(&BatchOptions { stop_seconds: 0.5, ..BatchOptions::default() })?;
    let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let tasks = RawTask::new(&venv)?;
    let fixture = Batch { cloud, tasks, record: Arc::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(executor_suite(&fixture));
    fixture.cloud.until_nothing_left(10.0)
}
