//! Our manager at work: released scheduler and client, workers on instances that are real processes.

use std::collections::BTreeSet;

use scaler_wm_tests::{
    Client, Ec2Options, Ec2Stack, Ec2StackOptions, Instance, Manager, ManagerOptions, Proc, Result, Script, now,
};

use crate::setup::{self, ONE_WORKER, ends_clean, ids, told};

fn options(extra: &[&str]) -> ManagerOptions {
    ManagerOptions { limit: 4, heartbeat: Some(1.0), ..setup::options(extra) }
}

/// Told, with so many instances of one worker each.
fn with_units(count: u32, extra: &[&str]) -> Result<(Ec2Stack, Manager, Vec<Instance>)> {
    let ec2 = Ec2Stack::start(told())?;
    let manager = ec2.connected_manager(&options(&[&ONE_WORKER, extra].concat()))?;
    ec2.stack.wish(count)?;
    let units = ec2.until_settled(count as usize, count as usize, 30.0)?;
    Ok((ec2, manager, units))
}

/// A client whose tasks run until they are released, at least one on each of `workers`.
fn hold(ec2: &Ec2Stack, tasks: u32, workers: usize) -> Result<Client> {
    let client = ec2.client(&Script::Held { tasks })?;
    ec2.until("tasks on the workers", 20.0, || {
        let busy: BTreeSet<i32> = client.starts().all().iter().map(|start| start.worker).collect();
        (busy.len() >= workers).then_some(())
    })?;
    Ok(client)
}

/// The unit in which a process runs.
fn unit_of(ec2: &Ec2Stack, pid: i32) -> Option<String> {
    ec2.cloud.emulator.units().into_iter().find(|process| process.pid == pid)?.unit
}

#[test]
fn results_come_from_processes_of_units_that_come_and_go() -> Result<()> {
    let ec2 = Ec2Stack::start(Ec2StackOptions::default())?;
    let mut manager = ec2.connected_manager(&options(&["--instance-type", "c5.large"]))?;
    ec2.work_in_two_units(0.2, 60.0)?;
    // Nothing is left to do, and so nothing is wanted.
    ec2.until_nothing_left(30.0)?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn a_dead_unit_is_replaced_and_its_tasks_run_elsewhere_at_once() -> Result<()> {
    let (ec2, _manager, units) = with_units(2, &[])?;
    let mut client = hold(&ec2, 4, 2)?;
    let dead = &units[0];
    ec2.cloud.emulator.terminate(dead)?;
    let died = now();
    // The scheduler by itself takes 60 s to notice.
    ec2.until("another unit", 20.0, || {
        let now_there = ids(&ec2.units().ok()?);
        (now_there.len() == 2 && !now_there.contains(&dead.id) && ec2.connected() == 2).then_some(())
    })?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ec2.explain(failure))?;
    let took = finished.at - died;
    ec2.check(finished.right && took < 20.0, "right results long before 60 s", format!("{finished:?}, {took:.1} s"))
}

#[test]
fn a_busy_unit_is_not_taken_while_an_idle_one_is_there() -> Result<()> {
    let (ec2, _manager, _) = with_units(3, &[])?;
    let mut client = hold(&ec2, 1, 1)?;
    let busy = client.starts().all()[0].worker;
    let unit = unit_of(&ec2, busy).expect("a unit with the task");
    // A look at the load that knows of the task, before anything is let go.
    ec2.stack.wish(1)?;
    let left = ec2.until("one unit left", 20.0, || {
        let units = ec2.units().ok()?;
        (units.len() == 1).then_some(units)
    })?;
    ec2.check(left[0].id == unit, "the busy unit to stay", format!("{} instead of {unit}", left[0].id))?;
    // No more is wanted, and it has a task: it finishes that first.
    ec2.stack.wish(0)?;
    let asked = ec2.cloud.proxy.calls_of("DescribeInstances").len();
    ec2.until("some looks", 20.0, || (ec2.cloud.proxy.calls_of("DescribeInstances").len() > asked + 2).then_some(()))?;
    ec2.check(ec2.units()?.len() == 1, "it to be left alone", "it is gone")?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ec2.explain(failure))?;
    let repeated = client.starts().repeated();
    ec2.check(finished.right && repeated.is_empty(), "the task done once", format!("{finished:?} {repeated:?}"))?;
    ec2.until_nothing_left(20.0)
}

#[test]
fn a_killed_manager_finds_its_units_again() -> Result<()> {
    let (ec2, mut first, units) = with_units(3, &[])?;
    let mut client = hold(&ec2, 3, 3)?;
    first.kill();
    let calls = ec2.cloud.proxy.calls_of("RunInstances").len();
    let mut second = ec2.connected_manager(&options(&ONE_WORKER))?;
    ec2.until("the second manager to know of all", 20.0, || {
        (!second.log().lines_with(&["target changed", "units=3"]).is_empty()).then_some(())
    })?;
    ec2.check(ids(&ec2.units()?) == ids(&units), "the same units", "others")?;
    ec2.check(ec2.cloud.proxy.calls_of("RunInstances").len() == calls, "no further launch", "there was one")?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ec2.explain(failure))?;
    let repeated = client.starts().repeated();
    ec2.check(finished.right && repeated.is_empty(), "each task done once", format!("{finished:?} {repeated:?}"))?;
    // What the killed one made goes too.
    ends_clean(&ec2, &mut second)
}

#[test]
fn kept_units_stay_for_the_next_manager() -> Result<()> {
    let (ec2, mut first, units) = with_units(2, &["--on-exit", "keep"])?;
    first.terminate();
    let status = first.wait(10.0).map_err(|failure| ec2.explain(failure))?;
    ec2.check(status.code() == Some(0), "exit code 0", status)?;
    ec2.check(ids(&ec2.units()?) == ids(&units), "the units to stay", "they went")?;
    let mut second = ec2.connected_manager(&options(&ONE_WORKER))?;
    ec2.until("the second manager to know of both", 20.0, || {
        (!second.log().lines_with(&["target changed", "units=2"]).is_empty()).then_some(())
    })?;
    ec2.check(ids(&ec2.units()?) == ids(&units), "the same units", "others")?;
    ends_clean(&ec2, &mut second)
}

#[test]
fn a_unit_that_never_comes_up_is_stopped_and_replaced() -> Result<()> {
    let emulator = Ec2Options { start_seconds: 600.0, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { emulator, ..told() })?;
    let manager = ec2.connected_manager(&options(&["--instance-type", "t2.micro", "--ready-timeout-seconds", "4"]))?;
    ec2.stack.wish(1)?;
    let first = ec2.until("a unit", 20.0, || ec2.units().ok()?.pop())?;
    ec2.until("another one in its place", 30.0, || {
        let units = ec2.units().ok()?;
        (units.len() == 1 && units[0].id != first.id).then_some(())
    })?;
    let said = manager.log().lines_with(&["ending a unit", "not at the scheduler"]);
    ec2.check(!said.is_empty(), "a word about it", manager.log().tail(20))
}

#[test]
fn a_plain_image_installs_python_and_the_package_first() -> Result<()> {
    let ec2 = Ec2Stack::start(told())?;
    let requirements = ec2.stack.folder().join("requirements.txt");
    std::fs::write(&requirements, "opengris-scaler\n").expect("a file of ours");
    let requirements = requirements.to_string_lossy().into_owned();
    let install = ["--python-version", "3.11", "--requirements-txt", &requirements, "--instance-type", "t2.micro"];
    let mut manager = ec2.connected_manager(&options(&install))?;
    ec2.stack.wish(1)?;
    let units = ec2.until_settled(1, 1, 60.0)?;
    let installed = ec2.cloud.emulator.unit_file(&units[0], "/opt/opengris-scaler/requirements.txt").text();
    ec2.check(installed == "opengris-scaler\n", "the requirements on the instance", installed)?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn an_instance_ends_itself_when_its_workers_have_ended_and_another_takes_its_place() -> Result<()> {
    let (ec2, _manager, units) = with_units(1, &[])?;
    let workers = ec2.workers();
    ec2.check(!workers.is_empty(), "a worker", "none")?;
    // The command that started it ends with it.
    workers.iter().for_each(Proc::kill);
    let first = &units[0].id;
    ec2.until("the instance to end itself", 20.0, || {
        let instance = ec2.cloud.emulator.instance(first).ok()?;
        (instance.is_terminated() && instance.state_reason == "Client.InstanceInitiatedShutdown").then_some(())
    })?;
    ec2.until("another one with a worker", 30.0, || {
        let units = ec2.units().ok()?;
        (units.len() == 1 && units[0].id != *first && ec2.connected() == 1).then_some(())
    })
}

#[test]
fn what_spot_will_take_is_replaced_before_it_is_gone() -> Result<()> {
    let (ec2, manager, units) = with_units(2, &["--price-type", "spot"])?;
    let taken = &units[0];
    ec2.cloud.emulator.mark_spot(taken)?;
    // It has nothing to do, and goes at once; that it was marked is what makes it go.
    ec2.until("another one in its place", 30.0, || {
        let there = ids(&ec2.units().ok()?);
        (there.len() == 2 && !there.contains(&taken.id) && ec2.connected() == 2).then_some(())
    })?;
    // Both calls go out in one step. What counts is that the one does not wait for the other's end.
    let order = ec2.until("its end in the log", 20.0, || {
        let mut lines = manager.log().lines_with(&[""]);
        lines.retain(|line| line.contains("starting units") || line.contains(&taken.id) && line.contains("a unit "));
        lines.iter().any(|line| line.contains(&taken.id)).then_some(lines)
    })?;
    let is_right = order.len() == 3 && order[1].contains("starting units") && order[2].contains(&taken.id);
    ec2.check(is_right, "its replacement begun before its end", format!("{order:#?}"))?;
    let said = manager.log().lines_with(&["Spot is about to take an instance"]);
    ec2.check(said.len() == 1, "one word about it", format!("{said:#?}"))
}

#[test]
fn a_busy_instance_that_spot_will_take_finishes_what_it_can() -> Result<()> {
    let (ec2, _manager, units) = with_units(1, &["--price-type", "spot"])?;
    let mut client = hold(&ec2, 1, 1)?;
    ec2.cloud.emulator.mark_spot(&units[0])?;
    ec2.until("another one beside it", 30.0, || (ec2.units().ok()?.len() == 2 && ec2.connected() == 2).then_some(()))?;
    client.release(-1)?;
    let finished = client.finish(20.0).map_err(|failure| ec2.explain(failure))?;
    let repeated = client.starts().repeated();
    ec2.check(finished.right && repeated.is_empty(), "the task done once", format!("{finished:?} {repeated:?}"))?;
    ec2.until("the marked one to go once it is idle", 20.0, || {
        (!ids(&ec2.units().ok()?).contains(&units[0].id)).then_some(())
    })
}

#[test]
fn the_lease_of_an_instance_is_renewed_and_runs_out_when_nobody_does() -> Result<()> {
    let (ec2, mut manager, units) = with_units(1, &["--lease-seconds", "120"])?;
    let lease =
        || -> Option<f64> { ec2.cloud.emulator.instance(&units[0].id).ok()?.tags.get("scaler-wm:lease")?.parse().ok() };
    let first = lease().expect("a lease");
    ec2.until("it renewed", 60.0, || (lease()? > first).then_some(()))?;
    manager.kill();
    // Nobody renews it: the instance ends by itself. The tag is moved back, as two minutes are long.
    ec2.cloud.emulator.set_tag(&units[0], "scaler-wm:lease", &format!("{:.0}", now() - 1.0))?;
    ec2.until_nothing_left(40.0)?;
    let reason = ec2.cloud.emulator.instance(&units[0].id)?.state_reason;
    ec2.check(reason == "Client.InstanceInitiatedShutdown", "an end of its own", reason)
}
