//! The example's executor does what every executor has to.

#[path = "../../../crates/scaler-wm-agent/examples/processes/executor.rs"]
mod processes;

use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use processes::ProcessExecutor;
use scaler_wm_conformance::{ExecutorFixture, Work, executor_suite};
use scaler_wm_core::{Inputs, Submission, TaskExecutor, TaskId};
use scaler_wm_tests::{Failure, LATEST, Result, Venv, python_scripts};
use tempfile::TempDir;

struct Processes {
    venv: Venv,
    folder: TempDir,
    serializer: Bytes,
    function: Bytes,
}

impl Processes {
    fn new() -> Result<Self> {
        let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
        let failed = |error: std::io::Error| Failure::new("make a function for tasks", error);
        let made = Command::new(venv.python()).arg(python_scripts().join("raw_task.py")).output().map_err(failed)?;
        let text = String::from_utf8_lossy(&made.stdout).into_owned();
        let mut lines = text.lines().map(unhex);
        let mut next = || lines.next().ok_or_else(|| Failure::new("make a function for tasks", format!("{made:?}")));
        let (serializer, function) = (next()?, next()?);
        let folder = tempfile::tempdir().map_err(failed)?;
        Ok(Self { venv, folder, serializer, function })
    }
}

fn unhex(line: &str) -> Bytes {
    let digits = line.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

#[async_trait]
impl ExecutorFixture for Processes {
    async fn executor(&self) -> Arc<dyn TaskExecutor> {
        let folder = self.folder.path().to_owned();
        Arc::new(ProcessExecutor::new(folder, self.venv.python()).expect("a folder"))
    }

    fn submission(&self, task: TaskId, work: &Work) -> Submission {
        let (kind, seconds, bytes) = match work {
            Work::Returns(bytes) => ("returns", 0.0, bytes.clone()),
            Work::Raises(text) => ("raises", 0.0, Bytes::from(text.clone())),
            Work::Takes(time, bytes) => ("returns", time.as_secs_f64(), bytes.clone()),
        };
        let arguments = vec![Bytes::from(kind), Bytes::from(seconds.to_string()), bytes];
        let inputs = Inputs { serializer: self.serializer.clone(), function: self.function.clone(), arguments };
        Submission { task, client: Bytes::from_static(b"Client|suite"), inputs }
    }

    fn is_raised(&self, answer: &[u8], text: &str) -> bool {
        let has = |part: &str| answer.windows(part.len()).any(|window| window == part.as_bytes());
        has("ValueError") && has(text)
    }
}

#[tokio::test]
async fn the_suite() {
    let fixture = Processes::new().expect("a virtual environment");
    executor_suite(&fixture).await;
}
