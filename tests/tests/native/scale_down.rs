//! Taking workers away hurts no task.

use scaler_wm_tests::{LATEST, ManagerOptions, OLDEST, Result, Script, Stack, StackOptions};

/// The scheduler wants 1 worker while 3 long tasks run on 4: none of them is started a second time.
fn long_tasks(release: &'static str) -> Result<()> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let options = ManagerOptions { cooldown: Some(2.0), queue_size: Some(1), ..ManagerOptions::default() };
    let _manager = stack.connected_manager(&options)?;
    let mut client = stack.client(&Script::LongTasks { tasks: 3, seconds: 10.0 })?;
    let finished = client.finish(150.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    stack.check(client.starts().distinct() == 3, "3 long tasks", client.starts().distinct())?;
    let repeated = client.starts().repeated();
    stack.check(repeated.is_empty(), "no long task started twice", format!("{repeated:?}"))?;
    stack.until_connected(0, 20.0)
}

#[test]
fn long_tasks_are_not_started_twice_by_a_scale_down() -> Result<()> {
    long_tasks(LATEST)
}

#[test]
fn long_tasks_are_not_started_twice_by_a_scale_down_with_the_oldest_release() -> Result<()> {
    long_tasks(OLDEST)
}

/// 600 short tasks while the scheduler asks for another number of workers at every heartbeat.
fn churn(release: &'static str, seed: u64) -> Result<()> {
    let churn = Some((seed, 4));
    let stack = Stack::start(StackOptions { release, churn, ..StackOptions::default() })?;
    let options =
        ManagerOptions { cooldown: Some(0.0), heartbeat: Some(1.0), queue_size: Some(8), ..ManagerOptions::default() };
    let _manager = stack.connected_manager(&options)?;
    let mut client = stack.client(&Script::Counted { tasks: 600, seconds: 0.04 })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    let repeated = client.starts().repeated();
    stack.check(repeated.is_empty(), "no task started twice", format!("{repeated:?} with seed {seed}"))?;
    let ghosts = stack.scheduler().ghosts();
    stack.check(ghosts.is_empty(), "no worker that left taken for connected", format!("{ghosts:?}"))?;
    // Else nothing was tried: workers must have gone while tasks were there.
    let gone = stack.scheduler().ever_connected() - stack.connected();
    stack.check(gone >= 5, "at least 5 workers stopped meanwhile", gone)
}

#[test]
fn short_tasks_are_not_started_twice_while_workers_come_and_go() -> Result<()> {
    churn(LATEST, 1)
}

#[test]
fn short_tasks_are_not_started_twice_while_workers_come_and_go_with_the_oldest_release() -> Result<()> {
    churn(OLDEST, 2)
}
