//! Workers that outlive their manager, and what is found out about their ends.

use std::fs;

use scaler_wm_tests::{
    Client, LATEST, Manager, ManagerOptions, OLDEST, Proc, Result, Script, Stack, StackOptions, descendants,
};

const TASKS: u32 = 40;

fn keeping(extra: &[&str]) -> ManagerOptions {
    let extra = ["--on-exit", "keep", "--no-rebalance"].iter().chain(extra).map(|word| (*word).to_owned()).collect();
    ManagerOptions { limit: 2, queue_size: Some(8), cooldown: Some(600.0), extra, ..ManagerOptions::default() }
}

fn pids(mut workers: Vec<Proc>) -> Vec<i32> {
    workers.sort_by_key(|worker| worker.pid);
    workers.into_iter().map(|worker| worker.pid).collect()
}

/// A stack with two workers that have tasks in them, and their manager.
fn at_work(release: &'static str, options: &ManagerOptions) -> Result<(Stack, Manager, Client)> {
    at_work_on(TASKS, release, options)
}

fn at_work_on(tasks: u32, release: &'static str, options: &ManagerOptions) -> Result<(Stack, Manager, Client)> {
    let stack = Stack::start(StackOptions { release, ..StackOptions::default() })?;
    let manager = stack.connected_manager(options)?;
    let client = stack.client(&Script::Counted { tasks, seconds: 0.3 })?;
    stack.until_connected(2, 30.0)?;
    stack.until("tasks on both workers", 20.0, || {
        let mut workers: Vec<i32> = client.starts().all().iter().map(|start| start.worker).collect();
        workers.sort_unstable();
        workers.dedup();
        (workers.len() >= 2).then_some(())
    })?;
    Ok((stack, manager, client))
}

/// Every result right, and no task started twice.
fn finishes_once(stack: &Stack, client: &mut Client) -> Result<()> {
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done >= u64::from(TASKS), "right results", format!("{finished:?}"))?;
    let repeated = client.starts().repeated();
    stack.check(repeated.is_empty(), "no task started twice", format!("{repeated:?}"))
}

/// The next manager takes the same workers over, with tasks running; it can let them go.
fn taken_over(release: &'static str, is_killed: bool) -> Result<()> {
    // Its name is longer than an address of a socket can be.
    let folder = tempfile::tempdir().expect("a folder");
    let state_folder = Some(folder.path().join("a".repeat(120)));
    let (stack, mut first, mut client) =
        at_work(release, &ManagerOptions { state_folder: state_folder.clone(), ..keeping(&[]) })?;
    let before = pids(stack.workers(&first));
    if is_killed {
        first.kill();
    } else {
        first.terminate();
        let status = first.wait(5.0).map_err(|failure| stack.explain(failure))?;
        stack.check(status.code() == Some(0), "exit code 0", status)?;
    }
    let options = ManagerOptions { log_name: "second".to_owned(), state_folder: state_folder.clone(), ..keeping(&[]) };
    let mut second = stack.manager(&options)?;
    stack.until("the second manager to take over", 10.0, || {
        (!second.log().lines_with(&["took over the helper", "adopted=2"]).is_empty()).then_some(())
    })?;
    finishes_once(&stack, &mut client)?;
    let after = pids(stack.workers(&second));
    stack.check(before == after, "the same workers", format!("{before:?}, then {after:?}"))?;

    // One that keeps nothing ends what it takes over.
    second.terminate();
    second.wait(5.0).map_err(|failure| stack.explain(failure))?;
    let log_name = "third".to_owned();
    let options = ManagerOptions { limit: 2, log_name, state_folder, ..ManagerOptions::default() };
    let mut third = stack.manager(&options)?;
    stack.until("the third manager to take over", 10.0, || {
        (!third.log().lines_with(&["took over the helper"]).is_empty()).then_some(())
    })?;
    third.terminate();
    let status = third.wait(12.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.until_nothing_left(5.0)
}

#[test]
fn the_next_manager_takes_workers_over() -> Result<()> {
    taken_over(LATEST, false)
}

#[test]
fn the_next_manager_takes_workers_over_with_the_oldest_release() -> Result<()> {
    taken_over(OLDEST, false)
}

#[test]
fn the_next_manager_takes_workers_over_after_a_kill() -> Result<()> {
    taken_over(LATEST, true)
}

#[test]
fn the_next_manager_takes_workers_over_after_a_kill_with_the_oldest_release() -> Result<()> {
    taken_over(OLDEST, true)
}

/// The helper is killed: its workers leave, others take their place, nothing is lost.
#[test]
fn a_killed_helper_is_replaced_although_workers_are_kept() -> Result<()> {
    let (stack, manager, mut client) = at_work(LATEST, &keeping(&[]))?;
    let helper = manager.helper();
    stack.check(helper.is_some(), "a helper", "there is none")?;
    helper.iter().for_each(Proc::kill);
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))
}

/// Nobody comes, or nobody can: what runs is finished, and nothing is left.
fn nobody_takes_over(is_lost: bool) -> Result<()> {
    let seconds = if is_lost { "600" } else { "1" };
    let (stack, mut manager, mut client) = at_work(LATEST, &keeping(&["--keep-seconds", seconds]))?;
    manager.kill();
    if is_lost {
        fs::remove_dir_all(stack.folder().join("state-wm1")).expect("the state folder goes");
    }
    stack.until_nothing_left(20.0)?;
    // What was queued waits for workers that come later.
    let options = ManagerOptions { log_name: "second".to_owned(), ..keeping(&["--keep-seconds", "0.1"]) };
    let _second = stack.manager(&options)?;
    finishes_once(&stack, &mut client)
}

#[test]
fn workers_hand_back_when_nobody_comes() -> Result<()> {
    nobody_takes_over(false)
}

#[test]
fn workers_hand_back_when_the_state_folder_is_gone() -> Result<()> {
    nobody_takes_over(true)
}

/// A helper that starts workers with other settings is not adopted blindly: its workers finish and are replaced.
#[test]
fn workers_of_other_settings_are_replaced() -> Result<()> {
    let (stack, mut first, mut client) = at_work(LATEST, &keeping(&[]))?;
    let before = pids(stack.workers(&first));
    first.kill();
    let options = ManagerOptions { queue_size: Some(7), log_name: "second".to_owned(), ..keeping(&[]) };
    let second = stack.manager(&options)?;
    finishes_once(&stack, &mut client)?;
    let lines = second.log().lines_with(&["WARN", "of another version, or starts workers with other settings"]);
    stack.check(lines.len() == 1, "a word on why", format!("{lines:?}"))?;
    stack.until("other workers, within the limit", 20.0, || {
        let now = pids(stack.workers(&second));
        (now.len() == 2 && !now.iter().any(|pid| before.contains(pid))).then_some(())
    })
}

/// A journal that knows nothing: workers that it does not know finish what runs, and go.
#[test]
fn workers_that_no_journal_knows_go() -> Result<()> {
    let (stack, mut first, mut client) = at_work(LATEST, &keeping(&[]))?;
    let before = pids(stack.workers(&first));
    first.kill();
    fs::remove_file(stack.folder().join("state-wm1/journal.redb")).expect("the journal goes");
    let second = stack.manager(&ManagerOptions { log_name: "second".to_owned(), ..keeping(&[]) })?;
    finishes_once(&stack, &mut client)?;
    let lines = second.log().lines_with(&["WARN", "no journal knows this unit"]);
    stack.check(lines.len() == 2, "a word on each", format!("{lines:?}"))?;
    stack.until("other workers", 20.0, || {
        let now = pids(stack.workers(&second));
        (!now.is_empty() && !now.iter().any(|pid| before.contains(pid))).then_some(())
    })
}

/// A worker that ends while the kernel's count of such kills rises is named so; a plain `kill -9` is not.
#[test]
fn an_end_for_lack_of_memory_is_named() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let events = folder.path().join("memory.events");
    fs::write(&events, "oom_kill 3\n").expect("written");
    let options = ManagerOptions {
        limit: 2,
        cooldown: Some(600.0),
        extra: vec!["--oom-events".to_owned(), events.display().to_string()],
        ..ManagerOptions::default()
    };
    let (stack, manager, mut client) = at_work(LATEST, &options)?;
    fs::write(&events, "oom_kill 4\n").expect("written");
    let victim = stack.workers(&manager).remove(0);
    victim.kill();
    stack.until("its end named", 10.0, || {
        (!manager.log().lines_with(&["WARN", "a unit died", "memory ran out"]).is_empty()).then_some(())
    })?;
    stack.until("its tasks sent elsewhere", 5.0, || {
        (!manager.log().lines_with(&["told the scheduler that this worker is dead"]).is_empty()).then_some(())
    })?;

    // A processor of the other one: it lives on, and the log says what happened.
    fs::write(&events, "oom_kill 5\n").expect("written");
    let worker = stack.until("another worker", 10.0, || {
        stack.workers(&manager).into_iter().find(|worker| worker.pid != victim.pid)
    })?;
    let processor =
        client.starts().all().iter().rev().find(|start| start.worker == worker.pid).map(|start| start.processor);
    let all = stack.processes();
    let processor = all.iter().find(|process| Some(process.pid) == processor);
    processor.iter().for_each(|process| process.kill());
    stack.until("the processor's end named", 10.0, || {
        (!manager.log().lines_with(&["WARN", "has killed a processor"]).is_empty()).then_some(())
    })?;
    // What ran in it fails, as the released worker tells it.
    stack.until("the end of the client", 60.0, || client.exited()).map(drop)
}

/// The installed package is replaced: said once; with `--reload-on-upgrade` workers are replaced, and nothing is lost.
fn upgraded(reloads: bool) -> Result<()> {
    // Found before the real one, as the interpreter's path has it.
    let shadow = tempfile::tempdir().expect("a folder");
    let mut extra = vec!["--no-rebalance".to_owned()];
    extra.extend(reloads.then(|| "--reload-on-upgrade".to_owned()));
    let options = ManagerOptions {
        limit: 2,
        queue_size: Some(8),
        cooldown: Some(600.0),
        extra,
        environment: vec![("PYTHONPATH".to_owned(), shadow.path().display().to_string())],
        ..ManagerOptions::default()
    };
    // Enough to be at work when the helper looks again.
    let (stack, manager, mut client) = at_work_on(4 * TASKS, LATEST, &options)?;
    let before = pids(stack.workers(&manager));
    let info = shadow.path().join("opengris_scaler-99.0.0.dist-info");
    fs::create_dir(&info).expect("a folder");
    fs::write(info.join("METADATA"), "Metadata-Version: 2.1\nName: opengris-scaler\nVersion: 99.0.0\n")
        .expect("written");
    stack.until("a word on the upgrade", 20.0, || {
        (!manager.log().lines_with(&["WARN", "the installed package was replaced", "99.0.0"]).is_empty()).then_some(())
    })?;
    finishes_once(&stack, &mut client)?;
    if reloads {
        return stack.until("other workers, within the limit", 20.0, || {
            let now = pids(stack.workers(&manager));
            (now.len() == 2 && !now.iter().any(|pid| before.contains(pid))).then_some(())
        });
    }
    let after = pids(stack.workers(&manager));
    stack.check(before == after, "the same workers", format!("{before:?}, then {after:?}"))
}

#[test]
fn an_upgrade_of_the_package_is_said() -> Result<()> {
    upgraded(false)
}

#[test]
fn an_upgrade_of_the_package_replaces_workers_when_asked_to() -> Result<()> {
    upgraded(true)
}

/// Without `keep` nothing outlives a manager, however it goes; its helper is its child.
#[test]
fn nothing_is_kept_unless_asked_for() -> Result<()> {
    let options = ManagerOptions { limit: 2, ..ManagerOptions::default() };
    let (stack, mut manager, _client) = at_work(LATEST, &options)?;
    stack.check(!descendants(manager.pid()).is_empty(), "a family", "there is none")?;
    manager.kill();
    stack.until_nothing_left(10.0)
}
