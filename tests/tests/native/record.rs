//! A live scheduler, recorded, and the recording run again in simulated time.

use std::fs;
use std::process::Command;

use scaler_wm_tests::{
    Failure, LATEST, LogFile, ManagerOptions, OLDEST, Process, Result, Script, Stack, StackOptions, manager_binary,
};
use serde_json::Value;

const TASKS: u32 = 160;
/// The simulated makespan is this close to the real one.
const CLOSE: f64 = 0.25;

fn recorded_and_simulated(release: &'static str) -> Result<()> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let _manager = stack.connected_manager(&ManagerOptions { queue_size: Some(8), ..ManagerOptions::default() })?;
    let failed = |error: std::io::Error| Failure::new("record", error);
    let trace = stack.folder().join("trace.jsonl");
    let mut command = Command::new(manager_binary()?);
    command.arg("record").arg(format!("tcp://127.0.0.1:{}", stack.ports().monitor)).arg("-o").arg(&trace);
    let log = LogFile::new(stack.folder().join("record.log"));
    let mut record = Process::start("recorder", &mut command, log)?;
    let hears = || (!record.log().lines_with(&["recording tcp://127.0.0.1"]).is_empty()).then_some(());
    stack.until("the recorder hear the monitor", 20.0, hears)?;

    let mut client = stack.client(&Script::Burst { tasks: TASKS, seconds: 0.2 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    // What was heard is on disk after a second.
    let lines = || fs::read_to_string(&trace).map_or(0, |text| text.lines().count());
    stack.until("every task in the trace", 10.0, || (lines() == 1 + TASKS as usize).then_some(()))?;
    record.terminate();
    let status = record.wait(5.0)?;
    let told = record.log().lines_with(&["160 tasks, 0 left out that have not ended in"]);
    stack.check(status.success() && told.len() == 1, "the recorder end well", record.log().tail(5))?;

    let file = stack.folder().join("simulation.toml");
    let text = "[[policy]]\ncontent = \"allocate=even_load; scaling=vanilla\"\n\
                [[manager]]\nid = \"local\"\nmax_task_concurrency = 4\nper_worker_task_queue_size = 8\n\
                start_seconds = { p50 = 0.6 }\n\
                [workload]\nkind = \"trace\"\nfile = \"trace.jsonl\"\n";
    fs::write(&file, text).map_err(failed)?;
    let output = Command::new(manager_binary()?).arg("simulate").arg(&file).arg("--json").output().map_err(failed)?;
    let outcome: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        Failure::new("read the outcome", error).with_context(String::from_utf8_lossy(&output.stderr))
    })?;
    let completed = outcome[0]["completed"].as_u64();
    let simulated = outcome[0]["makespan_seconds"].as_f64().unwrap_or_default();
    println!(
        "{}: {} s real, {simulated} s simulated, {completed:?} tasks completed",
        stack.venv().release(),
        finished.seconds
    );
    stack.check(completed == Some(u64::from(TASKS)), "as many tasks completed", format!("{completed:?}"))?;
    let off = (simulated / finished.seconds - 1.0).abs();
    stack.check(off <= CLOSE, "a makespan that is close", format!("{simulated} s, not {} s", finished.seconds))
}

#[test]
fn a_recorded_run_is_simulated_as_it_was() -> Result<()> {
    recorded_and_simulated(LATEST)
}

#[test]
fn a_recorded_run_of_the_oldest_release_is_simulated_as_it_was() -> Result<()> {
    recorded_and_simulated(OLDEST)
}

#[test]
fn without_a_monitor_nothing_is_recorded() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let trace = stack.folder().join("trace.jsonl");
    let mut command = Command::new(manager_binary()?);
    command.args(["record", "tcp://127.0.0.1:9", "-o"]).arg(&trace);
    let mut record = Process::start("recorder", &mut command, LogFile::new(stack.folder().join("record.log")))?;
    let status = record.wait(20.0)?;
    let said = record.log().lines_with(&["error: MONITOR_ADDRESS: no monitor is heard at tcp://127.0.0.1:9"]);
    stack.check(status.code() == Some(2) && said.len() == 1, "a refusal with the reason", record.log().tail(5))?;
    stack.check(!trace.exists(), "no trace left", trace.display())
}
