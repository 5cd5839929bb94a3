//! `cargo xtask demo`: a released scheduler scales local workers through scaler-wm while a real client's tasks complete.

use std::collections::HashSet;
use std::process::{ExitCode, id};
use std::time::{Duration, Instant};

use scaler_wm_tests::{
    Client, LATEST, Manager, ManagerKind, ManagerOptions, Proc, Result, Script, Stack, StackOptions, Venv,
    all_processes, descendants, is_interrupted, until,
};

use crate::shell;
use crate::terminal::{Progress, clean_up_on_signals};

const TASKS: u32 = 400;
const TASK_SECONDS: f64 = 0.1;
const LIMIT: u32 = 4;
/// Short, so that nobody waits half a minute for the scale-down (the default is 30 s).
const COOLDOWN: f64 = 3.0;
/// Small, so that the first worker does not take all tasks before the others are there (the default is 1,000).
const QUEUE_SIZE: u32 = 8;

/// What the demo saw.
#[derive(Default)]
struct Seen {
    done: u64,
    right: bool,
    peak: usize,
    first_worker: Option<Duration>,
    seconds: f64,
    /// Process groups and sessions of everything that was started, to look for what left its family.
    groups: HashSet<i32>,
}

pub(crate) fn run() -> Result<ExitCode> {
    clean_up_on_signals()?;
    Venv::ensure(LATEST, &|line| println!("{line}"))?;
    let options = manager_options()?;
    println!("starting object storage and scheduler of opengris-scaler {LATEST}");
    let mut seen = Seen::default();
    let outcome = scale(&options, &mut seen);
    // Whatever happened, everything was told to go when the stack was dropped: now look what is left.
    let left = left_over(&seen.groups);
    if is_interrupted() && left.is_empty() {
        return outcome.map(|()| ExitCode::FAILURE);
    }

    println!();
    println!(
        "tasks done             {} of {TASKS}, results {}",
        seen.done,
        if seen.right { "all right" } else { "missing or wrong" }
    );
    println!("peak workers           {} (limit {LIMIT})", seen.peak);
    match seen.first_worker {
        Some(time) => println!("time to first worker   {:.2} s", time.as_secs_f64()),
        None => println!("time to first worker   none came"),
    }
    println!("time for all tasks     {:.2} s", seen.seconds);
    match &outcome {
        Ok(()) => println!("workers left           0"),
        Err(_) => println!("workers left           not looked at, as something failed before"),
    }
    println!("processes left         {}", left.len());
    for process in &left {
        println!("  {} {}", process.pid, process.command);
    }
    outcome?;
    Ok(if seen.right && left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn manager_options() -> Result<ManagerOptions> {
    let kind = ManagerKind::from_environment();
    let binary = match kind {
        ManagerKind::Ours if std::env::var_os("SCALER_WM_BIN").is_none() => {
            println!("building scaler-wm (release profile, as users run it)");
            Some(shell::build_binary(&["--release"])?)
        }
        _ => None,
    };
    let (cooldown, queue_size) = (Some(COOLDOWN), Some(QUEUE_SIZE));
    Ok(ManagerOptions {
        kind,
        binary,
        id: "demo".to_owned(),
        limit: LIMIT,
        cooldown,
        queue_size,
        ..ManagerOptions::default()
    })
}

fn scale(options: &ManagerOptions, seen: &mut Seen) -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    println!(
        "starting: scaler-wm baremetal_native {} -mtc {LIMIT} -sdc {COOLDOWN} -wtqs {QUEUE_SIZE}",
        stack.address()
    );
    println!("(a cooldown of {COOLDOWN} s instead of 30, so that you need not wait for the scale-down)");
    let mut manager = stack.connected_manager(options)?;
    let outcome = watch(&stack, &mut manager, seen);
    remember_groups(&stack, seen);
    outcome
}

fn watch(stack: &Stack, manager: &mut Manager, seen: &mut Seen) -> Result<()> {
    let mut client = stack.client(&Script::Workload { tasks: TASKS, seconds: TASK_SECONDS })?;
    client.submitted().map_err(|failure| stack.explain(failure))?;
    println!("a client submitted {TASKS} tasks of {TASK_SECONDS} s");
    let start = Instant::now();
    let mut progress = Progress::new();
    let worked = until("the end of the work", 120.0, || {
        show(stack, &client, seen, start, &mut progress);
        client.exited()
    });
    progress.end();
    worked.map_err(|failure| stack.explain(failure))?;
    let finished = client.finish(1.0).map_err(|failure| stack.explain(failure))?;
    (seen.done, seen.right, seen.seconds) = (finished.done, finished.right, finished.seconds);
    stack.check(finished.right, "right results", format!("{finished:?}"))?;

    println!("all results are there; the scheduler now wants no worker");
    let gone = until("all workers gone", 60.0, || {
        show(stack, &client, seen, start, &mut progress);
        (stack.connected() == 0 && stack.workers(manager).is_empty()).then_some(())
    });
    progress.end();
    gone.map_err(|failure| stack.explain(failure))?;

    println!("stopping the manager");
    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.success(), "the manager end with exit code 0", status)?;
    stack.until_nothing_left(5.0)
}

fn show(stack: &Stack, client: &Client, seen: &mut Seen, start: Instant, progress: &mut Progress) {
    let log = stack.scheduler();
    let (connected, peak) = (log.connected().len(), log.peak());
    if connected > 0 && seen.first_worker.is_none() {
        seen.first_worker = Some(start.elapsed());
    }
    if peak > seen.peak {
        remember_groups(stack, seen);
    }
    (seen.peak, seen.done) = (peak, client.done());
    let (bar, width) = (usize::try_from(seen.done * 24 / u64::from(TASKS)).unwrap_or(24), 24);
    let tasks = format!("[{}{}] {:>3}/{TASKS} tasks", "#".repeat(bar), ".".repeat(width - bar), seen.done);
    progress.show(format!("{:>5.1} s  {tasks}   {connected} of {LIMIT} workers", start.elapsed().as_secs_f64()));
}

fn remember_groups(stack: &Stack, seen: &mut Seen) {
    seen.groups.extend(stack.processes().iter().flat_map(|process| [process.group, process.session]));
}

/// Our descendants, and whoever is in a group or session of the stack that was not there before us.
fn left_over(groups: &HashSet<i32>) -> Vec<Proc> {
    let own = id().cast_signed();
    let all = all_processes();
    // What we share with the shell that started us is not ours.
    let shared: HashSet<i32> =
        all.iter().filter(|process| process.pid == own).flat_map(|process| [process.group, process.session]).collect();
    let mut left = descendants(own);
    left.extend(all.into_iter().filter(|process| {
        [process.group, process.session].iter().any(|group| groups.contains(group) && !shared.contains(group))
    }));
    left.retain(|process| process.pid != own);
    left.sort_by_key(|process| process.pid);
    left.dedup_by_key(|process| process.pid);
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaler_wm_tests::Failure;

    #[test]
    fn a_running_child_is_left_over() -> std::result::Result<(), Failure> {
        let failed = |error| Failure::new("start a process", error);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().map_err(failed)?;
        let pid = child.id().cast_signed();
        let seen = until("the child", 5.0, || left_over(&HashSet::new()).into_iter().find(|left| left.pid == pid));
        child.kill().map_err(failed)?;
        child.wait().map_err(failed)?;
        seen?;
        assert!(!left_over(&HashSet::new()).iter().any(|left| left.pid == pid));
        Ok(())
    }
}
