//! Our manager at work: released scheduler and client, workers in tasks that are real processes.

use std::collections::BTreeSet;
use std::fs;

use scaler_wm_tests::{
    Client, EcsStack, EcsStackOptions, EmulatorOptions, Manager, ManagerKind, ManagerOptions, Result, Script,
    StackOptions, Task, now,
};

fn options(extra: &[&str]) -> ManagerOptions {
    let extra = ["--observe-interval-seconds", "2"].iter().chain(extra);
    ManagerOptions {
        kind: ManagerKind::Ours,
        queue_size: Some(4),
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        extra: extra.map(|word| (*word).to_owned()).collect(),
        ..ManagerOptions::default()
    }
}

fn told() -> EcsStackOptions {
    EcsStackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: EmulatorOptions::default(),
    }
}

/// Told, with so many tasks of one worker each.
fn with_units(count: u32, extra: &[&str]) -> Result<(EcsStack, Manager, Vec<Task>)> {
    let ecs = EcsStack::start(told())?;
    let manager = ecs.connected_manager(&options(&[&["--ecs-task-cpu", "1"], extra].concat()))?;
    ecs.stack.wish(count)?;
    let units = ecs.until_settled(count as usize, count as usize, 30.0)?;
    Ok((ecs, manager, units))
}

/// A client whose tasks run until they are released, at least one on each of `workers`.
fn hold(ecs: &EcsStack, tasks: u32, workers: usize) -> Result<Client> {
    let client = ecs.client(&Script::Held { tasks })?;
    ecs.until("tasks on the workers", 20.0, || {
        let busy: BTreeSet<i32> = client.starts().all().iter().map(|start| start.worker).collect();
        (busy.len() >= workers).then_some(())
    })?;
    Ok(client)
}

/// The unit in which a process runs.
fn unit_of(ecs: &EcsStack, pid: i32) -> Option<String> {
    ecs.cloud.emulator.units().into_iter().find(|process| process.pid == pid)?.unit
}

fn ids(units: &[Task]) -> BTreeSet<String> {
    units.iter().map(|unit| unit.id.clone()).collect()
}

#[test]
fn results_come_from_processes_of_units_that_come_and_go() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions::default())?;
    let mut manager = ecs.connected_manager(&options(&["--ecs-task-cpu", "2"]))?;
    ecs.work_in_two_units(0.2, 60.0)?;
    // Nothing is left to do, and so nothing is wanted.
    ecs.until_nothing_left(30.0)?;
    manager.terminate();
    let status = manager.wait(10.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(status.code() == Some(0), "exit code 0", status)
}

#[test]
fn a_dead_unit_is_replaced_and_its_tasks_run_elsewhere_at_once() -> Result<()> {
    let (ecs, _manager, units) = with_units(2, &[])?;
    let mut client = hold(&ecs, 4, 2)?;
    let dead = &units[0];
    ecs.cloud.emulator.kill_unit(dead);
    let died = now();
    // The scheduler by itself takes 60 s to notice.
    ecs.until("another unit", 20.0, || {
        let now_there = ids(&ecs.units().ok()?);
        (now_there.len() == 2 && !now_there.contains(&dead.id) && ecs.connected() == 2).then_some(())
    })?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ecs.explain(failure))?;
    let took = finished.at - died;
    ecs.check(finished.right && took < 20.0, "right results long before 60 s", format!("{finished:?}, {took:.1} s"))
}

#[test]
fn a_busy_unit_is_not_taken_while_an_idle_one_is_there() -> Result<()> {
    let (ecs, _manager, _) = with_units(3, &[])?;
    let mut client = hold(&ecs, 1, 1)?;
    let busy = client.starts().all()[0].worker;
    let unit = unit_of(&ecs, busy).expect("a unit with the task");
    // A look at the load that knows of the task, before anything is let go.
    ecs.stack.wish(1)?;
    let left = ecs.until("one unit left", 20.0, || {
        let units = ecs.units().ok()?;
        (units.len() == 1).then_some(units)
    })?;
    ecs.check(left[0].id == unit, "the busy unit to stay", format!("{} instead of {unit}", left[0].id))?;
    // No more is wanted, and it has a task: it finishes that first.
    ecs.stack.wish(0)?;
    let asked = ecs.cloud.proxy.calls_of("ListTasks").len();
    ecs.until("some looks", 20.0, || (ecs.cloud.proxy.calls_of("ListTasks").len() > asked + 2).then_some(()))?;
    ecs.check(ecs.units()?.len() == 1, "it to be left alone", "it is gone")?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ecs.explain(failure))?;
    let repeated = client.starts().repeated();
    ecs.check(finished.right && repeated.is_empty(), "the task done once", format!("{finished:?} {repeated:?}"))?;
    ecs.until_nothing_left(20.0)
}

#[test]
fn a_killed_manager_finds_its_units_again() -> Result<()> {
    let (ecs, mut first, units) = with_units(3, &[])?;
    let mut client = hold(&ecs, 3, 3)?;
    first.kill();
    let calls = ecs.cloud.proxy.calls_of("RunTask").len();
    let mut second = ecs.connected_manager(&options(&["--ecs-task-cpu", "1"]))?;
    ecs.until("the second manager to know of all", 20.0, || {
        (!second.log().lines_with(&["target changed", "units=3"]).is_empty()).then_some(())
    })?;
    ecs.check(ids(&ecs.units()?) == ids(&units), "the same units", "others")?;
    ecs.check(ecs.cloud.proxy.calls_of("RunTask").len() == calls, "no further launch", "there was one")?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ecs.explain(failure))?;
    let repeated = client.starts().repeated();
    ecs.check(finished.right && repeated.is_empty(), "each task done once", format!("{finished:?} {repeated:?}"))?;
    second.terminate();
    let status = second.wait(20.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(status.code() == Some(0), "exit code 0", status)?;
    ecs.until_nothing_left(10.0)
}

#[test]
fn kept_units_stay_for_the_next_manager() -> Result<()> {
    let (ecs, mut first, units) = with_units(2, &["--on-exit", "keep"])?;
    first.terminate();
    let status = first.wait(10.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(status.code() == Some(0), "exit code 0", status)?;
    ecs.check(ids(&ecs.units()?) == ids(&units), "the units to stay", "they went")?;
    let mut second = ecs.connected_manager(&options(&["--ecs-task-cpu", "1"]))?;
    ecs.until("the second manager to know of both", 20.0, || {
        (!second.log().lines_with(&["target changed", "units=2"]).is_empty()).then_some(())
    })?;
    ecs.check(ids(&ecs.units()?) == ids(&units), "the same units", "others")?;
    second.terminate();
    second.wait(20.0).map_err(|failure| ecs.explain(failure))?;
    ecs.until_nothing_left(10.0)
}

#[test]
fn keys_that_are_renewed_in_a_file_need_no_restart() -> Result<()> {
    let ecs = EcsStack::start(told())?;
    let file = ecs.stack.folder().join("credentials");
    let write = |key: &str| {
        let text = format!("[team]\naws_access_key_id = {key}\naws_secret_access_key = secret\n");
        fs::write(&file, text).expect("a file of ours");
    };
    write("FIRST");
    let environment = [
        ("AWS_SHARED_CREDENTIALS_FILE", file.to_string_lossy().into_owned()),
        ("AWS_ACCESS_KEY_ID", String::new()),
        ("AWS_SECRET_ACCESS_KEY", String::new()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let _manager = ecs.connected_manager(&ManagerOptions { environment, ..options(&["--aws-profile", "team"]) })?;
    let last_key = || Some(ecs.cloud.proxy.calls().pop()?.access_key);
    ecs.until("calls with the first key", 10.0, || (last_key()? == "FIRST").then_some(()))?;
    write("SECOND");
    ecs.until("calls with the second key", 70.0, || (last_key()? == "SECOND").then_some(()))
}

#[test]
fn a_unit_that_never_comes_up_is_stopped_and_replaced() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: EmulatorOptions { start_seconds: 600.0, ..EmulatorOptions::default() },
    })?;
    let manager = ecs.connected_manager(&options(&["--ecs-task-cpu", "1", "--ready-timeout-seconds", "4"]))?;
    ecs.stack.wish(1)?;
    let first = ecs.until("a unit", 20.0, || ecs.units().ok()?.pop())?;
    ecs.until("another one in its place", 30.0, || {
        let units = ecs.units().ok()?;
        (units.len() == 1 && units[0].id != first.id).then_some(())
    })?;
    let said = manager.log().lines_with(&["ending a unit", "not at the scheduler"]);
    ecs.check(!said.is_empty(), "a word about it", manager.log().tail(20))
}
