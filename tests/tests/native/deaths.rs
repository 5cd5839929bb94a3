//! What happens when something is killed or goes away.

use scaler_wm_tests::{Client, LATEST, Manager, ManagerOptions, OLDEST, Result, Script, Stack, StackOptions};

/// A stack with 4 workers, each with one running task and two queued behind it. The scheduler moves no queued tasks by
/// itself, and the manager does not scale down, so that what happens to the queued tasks is the manager's doing.
fn four_held_workers(release: &'static str) -> Result<(Stack, Manager, Client)> {
    // Longer than any test; 2.4.0 takes no -1.
    let scheduler_arguments = vec!["--load-balance-seconds".to_owned(), "600".to_owned()];
    let stack = Stack::start(StackOptions { release, scheduler_arguments, ..StackOptions::default() })?;
    let options = ManagerOptions {
        cooldown: Some(600.0),
        queue_size: Some(11),
        heartbeat: Some(1.0),
        ..ManagerOptions::default()
    };
    let manager = stack.connected_manager(&options)?;
    // 44 tasks: with more than 10 for each connected worker vanilla asks for one more, up to the limit of 4.
    let client = stack.client(&Script::Held { tasks: 44 })?;
    stack.until_connected(4, 40.0)?;
    stack.until("a task on each of 4 workers", 20.0, || (client.starts().distinct() >= 4).then_some(()))?;
    Ok((stack, manager, client))
}

/// `kill -9` of a worker: a new one comes, and its tasks run elsewhere at once.
fn killed_worker(release: &'static str) -> Result<()> {
    let (stack, manager, mut client) = four_held_workers(release)?;
    let victim = client.starts().all()[0];
    client.release(victim.worker)?;
    stack.until("only the victim's tasks left", 20.0, || (client.done() >= 33).then_some(()))?;
    let before = stack.scheduler().ever_connected();
    let worker = stack.workers(&manager).into_iter().find(|worker| worker.pid == victim.worker);
    stack.check(
        worker.is_some(),
        "the victim among the workers",
        format!("{victim:?} {:?}", stack.workers(&manager)),
    )?;
    worker.iter().for_each(scaler_wm_tests::Proc::kill);

    let again = || client.starts().all().iter().any(|start| start.task == victim.task && start.worker != victim.worker);
    stack.until("its running task run elsewhere", 5.0, || again().then_some(()))?;
    let finished = client.finish(10.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    let repeated = client.starts().repeated();
    stack.check(repeated == [(victim.task, 2)], "no other task started twice", format!("{repeated:?}"))?;
    // With 4 workers still wanted (the cooldown is long) the dead one is replaced.
    stack.until("a new worker", 15.0, || (stack.scheduler().ever_connected() > before).then_some(()))?;
    let processor_gone = || !stack.processes().iter().any(|process| process.pid == victim.processor);
    stack.until("its processor gone", 10.0, || processor_gone().then_some(()))
}

#[test]
fn a_killed_worker_is_replaced_and_its_tasks_run_elsewhere() -> Result<()> {
    killed_worker(LATEST)
}

#[test]
fn a_killed_worker_is_replaced_and_its_tasks_run_elsewhere_with_the_oldest_release() -> Result<()> {
    killed_worker(OLDEST)
}

/// The scheduler is started again on the same ports: the manager comes back, and new workers come.
#[test]
fn the_manager_comes_back_when_the_scheduler_was_restarted() -> Result<()> {
    let mut stack = Stack::start(StackOptions::default())?;
    let options = ManagerOptions { limit: 2, queue_size: Some(8), ..ManagerOptions::default() };
    let mut manager = stack.connected_manager(&options)?;
    let mut client = stack.client(&Script::Workload { tasks: 20, seconds: 0.05 })?;
    let finished = client.finish(30.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results before the restart", format!("{finished:?}"))?;

    stack.stop_scheduler()?;
    stack.start_scheduler()?;
    stack.until("the manager at the new scheduler", 30.0, || stack.scheduler().manager_connected().then_some(()))?;
    let mut client = stack.client(&Script::Workload { tasks: 60, seconds: 0.1 })?;
    stack.until("a worker at the new scheduler", 30.0, || (stack.connected() > 0).then_some(()))?;
    let finished = client.finish(40.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results after the restart", format!("{finished:?}"))?;
    stack.check(manager.exited().is_none(), "the manager still there", "it has ended")
}

/// `kill -9` of the manager: no worker and no processor is left.
fn killed_manager(release: &'static str) -> Result<()> {
    let (stack, mut manager, _client) = four_held_workers(release)?;
    manager.kill();
    stack.until_nothing_left(10.0)
}

#[test]
fn nothing_outlives_a_killed_manager() -> Result<()> {
    killed_manager(LATEST)
}

#[test]
fn nothing_outlives_a_killed_manager_with_the_oldest_release() -> Result<()> {
    killed_manager(OLDEST)
}

/// `kill -9` of the helper: it is started again, and so are its workers.
#[test]
fn a_killed_helper_is_started_again_and_its_workers_replaced() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let options = ManagerOptions { limit: 2, queue_size: Some(8), ..ManagerOptions::default() };
    let mut manager = stack.connected_manager(&options)?;
    let mut client = stack.client(&Script::Workload { tasks: 150, seconds: 0.2 })?;
    stack.until_connected(2, 30.0)?;
    let old: Vec<i32> = stack.manager_processes().iter().map(|process| process.pid).collect();
    let helper = stack.until("the helper", 5.0, || manager.helper())?;
    helper.kill();

    let new = stack.until("a new helper", 20.0, || manager.helper().filter(|helper| !old.contains(&helper.pid)))?;
    stack.until("new workers", 20.0, || {
        let workers = stack.workers(&manager);
        (workers.len() == 2 && workers.iter().all(|worker| !old.contains(&worker.pid))).then_some(())
    })?;
    stack.until("the old processes gone", 10.0, || {
        let left = stack.manager_processes();
        left.iter().all(|process| process.pid == manager.pid() || !old.contains(&process.pid)).then_some(())
    })?;
    stack.check(new.pid != helper.pid, "another helper", new.pid)?;
    let finished = client.finish(90.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    stack.check(manager.exited().is_none(), "the manager still there", "it has ended")
}
