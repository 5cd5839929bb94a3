//! Released schedulers and clients, and agents that run tasks as processes of this machine.

use scaler_wm_tests::{Agents, LATEST, ManagerOptions, OLDEST, Process, Result, Script, Stack, StackOptions};

fn stack(release: &'static str) -> Result<Stack> {
    Stack::start(StackOptions { release, ..StackOptions::default() })
}

/// The same script, once on workers of the released package and once on agents: the same lines.
fn the_same_as_on_native_workers(release: &'static str, slots: u32) -> Result<()> {
    let native = {
        let stack = stack(release)?;
        let _manager = stack.connected_manager(&ManagerOptions { limit: slots, ..ManagerOptions::default() })?;
        stack.outcomes(slots, 120.0)?.0
    };
    let stack = stack(release)?;
    let agents = stack.agents(Agents { concurrency: slots, most: 1, keeps: false })?;
    let (ours, marks) = stack.outcomes(slots, 120.0)?;
    let least = if slots == 1 { 20 } else { 1 };
    stack.check(ours.len() >= least, "all cases", format!("{ours:#?}"))?;
    stack.check_same(&ours, &native)?;
    let whole = "\"tasks of tasks\": [{\"result\":\"3\"},{\"result\":\"6\"},{\"result\":\"9\"}]";
    stack.check(slots == 1 || ours == [whole], "the results of tasks of tasks", format!("{ours:#?}"))?;
    println!("opengris-scaler {release}: {} outcomes, the same as on native workers", ours.len());
    // What leaves a mark where it is unpickled has left one, and not in our process.
    stack.check(slots > 1 || !marks.is_empty(), "a mark", "there is none")?;
    stack.check(!marks.contains(&agents.pid()), "nothing unpickled in the agents", format!("{marks:?}"))
}

#[test]
fn tasks_of_every_kind_come_out_as_on_native_workers() -> Result<()> {
    the_same_as_on_native_workers(LATEST, 1)
}

#[test]
fn tasks_of_every_kind_come_out_as_on_native_workers_of_the_oldest_release() -> Result<()> {
    the_same_as_on_native_workers(OLDEST, 1)
}

#[test]
fn tasks_that_start_tasks_come_out_as_on_native_workers() -> Result<()> {
    the_same_as_on_native_workers(LATEST, 4)
}

#[test]
fn tasks_that_start_tasks_come_out_as_on_native_workers_of_the_oldest_release() -> Result<()> {
    the_same_as_on_native_workers(OLDEST, 4)
}

#[test]
fn agents_come_with_the_wish_and_go_with_it() -> Result<()> {
    let stack = Stack::start(StackOptions { is_told: true, ..StackOptions::default() })?;
    let _agents = stack.agents(Agents { concurrency: 4, most: 4, keeps: false })?;
    // One agent for each four.
    stack.wish(9)?;
    stack.until_connected(3, 30.0)?;
    let mut client = stack.client(&Script::Workload { tasks: 24, seconds: 0.1 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 24, "24 right results", format!("{finished:?}"))?;
    stack.wish(4)?;
    stack.until_connected(1, 30.0)?;
    stack.wish(0)?;
    stack.until_connected(0, 30.0)
}

/// Whatever ends the agents while tasks run, the next process takes up with each of them.
fn is_taken_up(release: &'static str, keeps: bool, end: impl FnOnce(&mut Process) -> Result<()>) -> Result<()> {
    let stack = stack(release)?;
    let options = Agents { concurrency: 4, most: 1, keeps };
    let mut agents = stack.agents(options)?;
    let client = stack.held(3)?;
    end(&mut agents)?;
    let before = stack.scheduler().connected();
    let _next = stack.agents(options)?;
    // The scheduler is told that the old worker is dead: it would wait a minute for it.
    stack.until("another worker in the place of the old one", 20.0, || {
        let now = stack.scheduler().connected();
        (now.len() == 1 && now != before).then_some(())
    })?;
    stack.finish_held(client, 30.0)
}

#[test]
fn after_a_kill_the_next_process_takes_up_what_runs() -> Result<()> {
    is_taken_up(LATEST, false, |agents| {
        agents.kill();
        Ok(())
    })
}

#[test]
fn after_a_kill_the_next_process_takes_up_what_runs_with_the_oldest_release() -> Result<()> {
    is_taken_up(OLDEST, false, |agents| {
        agents.kill();
        Ok(())
    })
}

#[test]
fn what_is_kept_is_taken_up() -> Result<()> {
    is_taken_up(LATEST, true, |agents| {
        agents.terminate();
        agents.wait(20.0).map(drop)
    })
}

#[test]
fn nothing_runs_on_that_is_not_to_stay() -> Result<()> {
    let stack = stack(LATEST)?;
    let mut agents = stack.agents(Agents { concurrency: 4, most: 1, keeps: false })?;
    let _client = stack.held(3)?;
    agents.terminate();
    agents.wait(30.0).map_err(|failure| stack.explain(failure))?;
    stack.until_nothing_left(10.0)?;
    stack.until_connected(0, 10.0)
}

#[test]
fn a_scheduler_that_restarts_finds_its_agents() -> Result<()> {
    let mut stack = stack(LATEST)?;
    let mut agents = stack.agents(Agents { concurrency: 4, most: 1, keeps: false })?;
    let client = stack.held(2)?;
    stack.stop_scheduler()?;
    drop(client);
    stack.start_scheduler()?;
    stack.until_connected(1, 60.0)?;
    let mut client = stack.client(&Script::Workload { tasks: 8, seconds: 0.1 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    stack.check(agents.exited().is_none(), "the agents still there", "they have ended")
}
