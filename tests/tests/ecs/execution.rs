//! Tasks that really run.

use scaler_wm_tests::{Desired, Emulation, EmulatorOptions, Result, Unit};
use serde_json::json;

use crate::account::{Account, CLUSTER, command};

/// Prints the answer of the metadata's endpoint, then waits; what it leaves in another session goes with it.
const COMMAND: &str = "python -c \"import os, urllib.request as request; uri = os.environ['ECS_CONTAINER_METADATA_URI_V4']; \
                       print(uri); print(request.urlopen(uri + '/task').read().decode())\"; setsid sleep 600 & \
                       echo ready; sleep 600";

#[test]
fn a_task_runs_a_command_knows_who_it_is_and_ends_when_it_is_stopped() -> Result<()> {
    let account = Account::with(&EmulatorOptions::default())?;
    let cloud = &account.cloud;
    account.run(&command("worker", COMMAND))?.ok()?;
    let task = cloud.until_running(1, 10.0)?.remove(0);
    assert_eq!((&*task.started_by, &*task.family, &*task.cluster), ("tests", "worker", CLUSTER));
    assert_eq!((&*task.tags["of"], &*task.environment["COMMAND"]), ("tests", COMMAND));
    let log = cloud.emulator.unit_log(&task);
    cloud.until("the task say who it is", 10.0, || log.text().contains("ready").then_some(()))?;
    let text = log.text();
    assert!(text.starts_with("Executing: "), "{text}");
    assert!(text.contains(&format!("http://127.0.0.1:{}/v4/", cloud.emulator.port())), "{text}");
    assert!(text.contains(&format!(r#""TaskARN": "{}""#, task.arn)), "{text}");
    assert!(cloud.emulator.unit(&task).len() >= 2, "{:?}", cloud.emulator.units());

    let stop = json!({"cluster": CLUSTER, "task": task.arn, "reason": "enough"});
    let stopped = account.client.ecs("StopTask", &stop)?.ok()?;
    assert_eq!(stopped["task"]["lastStatus"], "STOPPED");
    cloud.until_nothing_left(5.0)
}

#[test]
fn a_task_ends_with_its_container_and_one_without_an_image_never_starts() -> Result<()> {
    let account = Account::with(&EmulatorOptions::default())?;
    let cloud = &account.cloud;
    for (definition, text) in [("worker", "sleep 0.2; exit 3"), ("worker", "sleep 600"), ("missing", "true")] {
        account.run(&command(definition, text))?.ok()?;
    }
    let killed = cloud.until("one task left running", 10.0, || {
        let mut tasks = cloud.running().ok()?;
        tasks.retain(|task| task.environment["COMMAND"] == "sleep 600");
        tasks.pop()
    })?;
    cloud.emulator.kill_unit(&killed);
    cloud.until_nothing_left(10.0)?;
    let mut ends: Vec<_> = cloud.emulator.tasks(Desired::Stopped)?;
    ends.sort_by_key(|task| task.exit_code);
    let ends: Vec<_> = ends.iter().map(|task| (&*task.stop_code, task.exit_code)).collect();
    let exited = "EssentialContainerExited";
    assert_eq!(ends, [("TaskFailedToStart", None), (exited, Some(3)), (exited, Some(137))]);
    Ok(())
}

#[test]
fn a_stop_finds_a_task_that_has_not_started_yet() -> Result<()> {
    let account = Account::with(&EmulatorOptions { start_seconds: 1.0, ..EmulatorOptions::default() })?;
    account.run(&command("worker", "sleep 600"))?.ok()?;
    let task = account.cloud.units()?.remove(0);
    assert!(!task.is_running());
    account.client.ecs("StopTask", &json!({"cluster": CLUSTER, "task": task.arn}))?.ok()?;
    account.cloud.until_nothing_left(1.0)?;
    // What came up nevertheless is taken away.
    let log = account.cloud.emulator.unit_log(&task);
    account.cloud.until("the start go on", 10.0, || log.path().exists().then_some(()))?;
    account.cloud.until_nothing_left(5.0)
}

#[test]
fn a_stop_asks_the_whole_group_or_the_first_process_only() -> Result<()> {
    // Shells hear of a signal when what they wait for ends.
    const COMMAND: &str = "(trap 'echo child asked; exit' TERM; while true; do sleep 0.05; done) & trap 'echo first \
                           asked; sleep 0.5; exit 7' TERM; echo ready; while true; do sleep 0.05; done";
    for stops_group in [true, false] {
        let account = Account::with(&EmulatorOptions { stops_group, ..EmulatorOptions::default() })?;
        let cloud = &account.cloud;
        account.run(&command("worker", COMMAND))?.ok()?;
        let task = cloud.until_running(1, 10.0)?.remove(0);
        let log = cloud.emulator.unit_log(&task);
        let says = |word: &str| log.text().lines().any(|line| line == word);
        cloud.until("the task be ready", 10.0, || says("ready").then_some(()))?;
        cloud.emulator.stop_task(&task, "enough")?;
        cloud.until_nothing_left(5.0)?;
        assert!(says("first asked"), "{}", log.text());
        assert_eq!(says("child asked"), stops_group, "{}", log.text());
    }
    Ok(())
}
