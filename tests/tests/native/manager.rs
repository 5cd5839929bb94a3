//! The manager's own life: stopping, locks, and what it says.

use scaler_wm_tests::{LATEST, ManagerOptions, OLDEST, Result, Script, Stack, StackOptions};

fn two_workers() -> ManagerOptions {
    ManagerOptions { limit: 2, queue_size: Some(8), ..ManagerOptions::default() }
}

/// SIGTERM: exit code 0 within the stop time-out, nothing left.
fn stops_cleanly(release: &'static str) -> Result<()> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let mut manager = stack.connected_manager(&two_workers())?;
    let _client = stack.client(&Script::Workload { tasks: 600, seconds: 0.2 })?;
    stack.until_connected(2, 30.0)?;
    manager.terminate();
    let status = manager.wait(12.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.until_nothing_left(2.0)?;
    stack.until_connected(0, 2.0)
}

#[test]
fn stops_on_sigterm_and_leaves_nothing() -> Result<()> {
    stops_cleanly(LATEST)
}

#[test]
fn stops_on_sigterm_and_leaves_nothing_with_the_oldest_release() -> Result<()> {
    stops_cleanly(OLDEST)
}

/// A task that outlasts the stop time-out: the worker is killed, and the log says so.
#[test]
fn stops_within_the_time_out_although_a_task_runs_on() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let options = ManagerOptions { extra: vec!["--stop-timeout-seconds".to_owned(), "2".to_owned()], ..two_workers() };
    let mut manager = stack.connected_manager(&options)?;
    let client = stack.client(&Script::Held { tasks: 2 })?;
    stack.until("a running task", 20.0, || (client.starts().distinct() > 0).then_some(()))?;
    manager.terminate();
    let status = manager.wait(6.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    let lost = manager.log().lines_with(&["WARN", "ended with tasks in it", "unit=NAT|"]);
    stack.check(lost.len() == 1, "the log name the worker whose tasks were lost", format!("{lost:?}"))?;
    stack.until_nothing_left(2.0)
}

/// A second signal ends the manager at once, whatever still runs.
#[test]
fn a_second_signal_ends_it_at_once() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let options = ManagerOptions { extra: vec!["--stop-timeout-seconds".to_owned(), "60".to_owned()], ..two_workers() };
    let mut manager = stack.connected_manager(&options)?;
    let client = stack.client(&Script::Held { tasks: 2 })?;
    stack.until("a running task", 20.0, || (client.starts().distinct() > 0).then_some(()))?;
    let lines = manager.log().text().lines().count();
    manager.terminate();
    stack.until("the first signal in the log", 5.0, || (manager.log().text().lines().count() > lines).then_some(()))?;
    stack.check(manager.exited().is_none(), "the manager wait for the task", "it has ended")?;
    // One that comes within 10 ms counts as the same order, given twice.
    let status = stack.until("the end at a second signal", 2.0, || {
        manager.terminate();
        manager.exited()
    })?;
    stack.check(status.code() == Some(130), "exit code 130", status)?;
    let left = manager.log().lines_with(&["leaving behind: NAT|"]);
    stack.check(left.len() == 1, "it print what it leaves behind", format!("{left:?}"))?;
    stack.until_nothing_left(10.0)
}

/// Two managers with one id and one state folder: the second one ends and names the first.
#[test]
fn a_second_manager_with_the_same_state_folder_names_the_holder() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let first = stack.connected_manager(&two_workers())?;
    let mut second = stack.manager(&ManagerOptions { log_name: "second".to_owned(), ..two_workers() })?;
    let status = second.wait(10.0).map_err(|failure| stack.explain(failure))?;
    stack.check(matches!(status.code(), Some(1 | 2)), "exit code 1 or 2", status)?;
    let lines = second.log().lines_with(&[&first.pid().to_string()]);
    stack.check(!lines.is_empty(), "the holder's process id in the second one's log", first.pid())
}

/// Two managers with one id but two state folders: the scheduler ignores the second one, which says what that may mean.
#[test]
fn a_second_manager_with_another_state_folder_says_that_no_echo_comes() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let _first = stack.connected_manager(&two_workers())?;
    let state_folder = Some(stack.folder().join("state-of-the-second"));
    let second = stack.manager(&ManagerOptions { log_name: "second".to_owned(), state_folder, ..two_workers() })?;
    stack.until("the message about another manager with the same id", 30.0, || {
        (!second.log().lines_with(&["does not answer heartbeats", "same worker_manager_id"]).is_empty()).then_some(())
    })
}

/// Nobody listens at the scheduler's address: the same plain message.
#[test]
fn says_when_no_scheduler_is_there() -> Result<()> {
    let mut stack = Stack::start(StackOptions::default())?;
    stack.stop_scheduler()?;
    let mut manager = stack.manager(&two_workers())?;
    let address = stack.address();
    stack.until("a message that names the scheduler's address", 30.0, || {
        (!manager.log().lines_with(&["warn", &address]).is_empty()).then_some(())
    })?;
    stack.check(manager.exited().is_none(), "the manager still trying", "it has ended")
}

/// `scaling=no`: the scheduler answers but never asks for anything.
#[test]
fn says_that_the_policy_starts_nothing() -> Result<()> {
    let policy = "allocate=even_load; scaling=no".to_owned();
    let stack = Stack::start(StackOptions { policy, ..StackOptions::default() })?;
    let manager = stack.connected_manager(&ManagerOptions { heartbeat: Some(1.0), ..two_workers() })?;
    stack.until("the message about the scheduler's policy", 15.0, || {
        (!manager.log().lines_with(&["policy", "scaling=vanilla"]).is_empty()).then_some(())
    })
}

/// No monitor: said once; scaling down works all the same.
#[test]
fn scales_down_without_a_monitor_and_says_so_once() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    // A privileged port on which nobody listens.
    let monitor_address = Some("tcp://127.0.0.1:9".to_owned());
    let options = ManagerOptions { cooldown: Some(1.0), monitor_address, ..two_workers() };
    let manager = stack.connected_manager(&options)?;
    let mut client = stack.client(&Script::Workload { tasks: 80, seconds: 0.1 })?;
    stack.until_connected(2, 30.0)?;
    let finished = client.finish(30.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    stack.until_connected(0, 30.0)?;
    let lines = manager.log().lines_with(&["warn", "monitor"]);
    stack.check(lines.len() == 1, "one warning about the monitor", format!("{lines:#?}"))?;
    let lines = manager.log().lines_with(&["warn", "per_worker_task_queue_size"]);
    stack.check(lines.len() == 1, "one word on what spreads work all the same", format!("{lines:#?}"))
}
