//! The executor by itself does what every executor has to, at the simulator.

use std::env;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use scaler_wm_conformance::{ExecutorFixture, Work, executor_suite};
use scaler_wm_core::{Submission, TaskExecutor, TaskId};
use scaler_wm_symphony::{SymphonyConfig, SymphonyExecutor};
use scaler_wm_tests::{Failure, LATEST, RawTask, Result, Venv, symphony_library};

/// Where the suite's own process finds the simulator.
const LIBRARY: &str = "SCALER_WM_TEST_SYMPHONY";

struct Simulated {
    config: SymphonyConfig,
    tasks: RawTask,
}

#[async_trait]
impl ExecutorFixture for Simulated {
    async fn executor(&self) -> Arc<dyn TaskExecutor> {
        Arc::new(SymphonyExecutor::start(self.config.clone()).await.expect("a simulator that answers"))
    }

    fn submission(&self, task: TaskId, work: &Work) -> Submission {
        self.tasks.submission(task, work)
    }

    fn is_raised(&self, answer: &[u8], text: &str) -> bool {
        RawTask::is_raised(answer, text)
    }

    fn finds_unheard(&self) -> bool {
        // Symphony tells nobody which tasks a session has.
        false
    }
}

/// The simulator reads its variables once, when it is loaded: the suite has a process of its own.
#[test]
fn the_suite() -> Result<()> {
    let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let failed = |error: std::io::Error| Failure::new("start the suite", error);
    let folder = tempfile::tempdir().map_err(failed)?;
    let output = Command::new(env::current_exe().map_err(failed)?)
        .args(["--exact", "suite::in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env("SCALER_SOAM_SIM_DIR", folder.path())
        .env("SCALER_SOAM_SIM_PYTHON", venv.python())
        .env("SCALER_SOAM_SIM_INSTANCES", "8")
        .env(LIBRARY, symphony_library()?)
        .output()
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let has_run = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(has_run, "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

#[test]
#[ignore = "started by the test above, with the variables that the simulator reads"]
fn in_a_process_of_its_own() -> Result<()> {
    let library =
        env::var_os(LIBRARY).ok_or_else(|| Failure::new("find the simulator", format!("{LIBRARY} is not set")))?;
    let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let config = SymphonyConfig { library: library.into(), ..SymphonyConfig::new("ScalerService") };
    let fixture = Simulated { config, tasks: RawTask::new(&venv)? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(executor_suite(&fixture));
    Ok(())
}
