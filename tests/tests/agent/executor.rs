//! The example's executor does what every executor has to.

#[path = "../../../crates/scaler-wm-agent/examples/processes/executor.rs"]
mod processes;

use std::sync::Arc;

use async_trait::async_trait;
use processes::ProcessExecutor;
use scaler_wm_conformance::{ExecutorFixture, Work, executor_suite};
use scaler_wm_core::{Submission, TaskExecutor, TaskId};
use scaler_wm_tests::{Failure, LATEST, RawTask, Result, Venv};
use tempfile::TempDir;

struct Processes {
    venv: Venv,
    folder: TempDir,
    tasks: RawTask,
}

impl Processes {
    fn new() -> Result<Self> {
        let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
        let tasks = RawTask::new(&venv)?;
        let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder for tasks", error))?;
        Ok(Self { venv, folder, tasks })
    }
}

#[async_trait]
impl ExecutorFixture for Processes {
    async fn executor(&self) -> Arc<dyn TaskExecutor> {
        let folder = self.folder.path().to_owned();
        Arc::new(ProcessExecutor::new(folder, self.venv.python()).expect("a folder"))
    }

    fn submission(&self, task: TaskId, work: &Work) -> Submission {
        self.tasks.submission(task, work)
    }

    fn is_raised(&self, answer: &[u8], text: &str) -> bool {
        RawTask::is_raised(answer, text)
    }
}

#[tokio::test]
async fn the_suite() {
    let fixture = Processes::new().expect("a virtual environment");
    executor_suite(&fixture).await;
}
