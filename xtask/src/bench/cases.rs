//! What is measured of a running manager.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use scaler_wm_tests::{
    Manager, ManagerKind, ManagerOptions, Proc, Result, Script, Stack, StackOptions, cpu_time, memory_of, now,
};

const LIMIT: u32 = 4;
const QUEUE_SIZE: u32 = 8;
/// Times that vary are the median of this many runs.
const RUNS: usize = 3;
/// Runs with and without rebalancing.
const PAIRS: usize = 5;
const IDLE: Duration = Duration::from_secs(10);
/// From the last result until memory is read as "settled".
const SETTLE: Duration = Duration::from_secs(4);

/// Which manager.
pub(crate) struct Case {
    pub(crate) kind: ManagerKind,
    pub(crate) binary: Option<PathBuf>,
}

/// The figures of one manager: times in seconds, memory in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) ramp: f64,
    pub(crate) cold: f64,
    /// All defaults: 80 tasks of 0.2 s, 40 tasks of 1 s.
    pub(crate) cold_short: f64,
    pub(crate) cold_long: f64,
    pub(crate) restarted: usize,
    pub(crate) wasted: f64,
    pub(crate) manager: u64,
    pub(crate) tree_ramp: u64,
    pub(crate) tree_settled: u64,
    pub(crate) rerun: f64,
    /// Milliseconds of processor time per second.
    pub(crate) idle_cpu: f64,
}

pub(crate) fn measure(case: &Case) -> Result<Measured> {
    let say = |what: &str| eprintln!("{:?}: {what}", case.kind);
    say("ramp and memory");
    let first = ramp(case, true)?;
    let mut ramps = vec![first.ramp];
    for _ in 1..RUNS {
        ramps.push(ramp(case, false)?.ramp);
    }
    say("cold start");
    let mut colds = Vec::new();
    for _ in 0..RUNS {
        colds.push(cold(case, 80, 0.2, Some(QUEUE_SIZE))?);
    }
    say("cold start with all defaults");
    // The released manager takes so long that one run must do; ours varies more, being quicker.
    let runs = if case.kind == ManagerKind::Ours { RUNS } else { 1 };
    let shorts: Vec<f64> = (0..runs).map(|_| cold(case, 80, 0.2, None)).collect::<Result<_>>()?;
    let longs: Vec<f64> = (0..runs).map(|_| cold(case, 40, 1.0, None)).collect::<Result<_>>()?;
    eprintln!("ramps {ramps:.3?} s, cold starts {colds:.3?} s, all defaults {shorts:.3?} s and {longs:.3?} s");
    say("long tasks during a scale-down");
    let (restarted, wasted) = long_tasks(case)?;
    say("a killed worker");
    let rerun = killed_worker(case)?;
    Ok(Measured {
        ramp: median(ramps),
        cold: median(colds),
        cold_short: median(shorts),
        cold_long: median(longs),
        restarted,
        wasted,
        rerun,
        ..first
    })
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn start(case: &Case, options: ManagerOptions) -> Result<(Stack, Manager)> {
    start_with(case, options, StackOptions::default())
}

fn start_with(case: &Case, options: ManagerOptions, stack: StackOptions) -> Result<(Stack, Manager)> {
    let stack = Stack::start(stack)?;
    let options = ManagerOptions { kind: case.kind, binary: case.binary.clone(), limit: LIMIT, ..options };
    let manager = stack.connected_manager(&options)?;
    Ok((stack, manager))
}

fn tree(stack: &Stack) -> u64 {
    stack.manager_processes().iter().map(|process| memory_of(process.pid).proportional).sum()
}

/// From the first task to all workers connected; with `whole` also the memory then and after the work, and the idle
/// processor time before it.
fn ramp(case: &Case, whole: bool) -> Result<Measured> {
    let (stack, manager) = start(case, ManagerOptions { queue_size: Some(QUEUE_SIZE), ..ManagerOptions::default() })?;
    let mut idle_cpu = 0.0;
    if whole {
        // The first second belongs to the start.
        thread::sleep(Duration::from_secs(1));
        let before = cpu_time(manager.pid());
        thread::sleep(IDLE);
        idle_cpu = (cpu_time(manager.pid()) - before).as_secs_f64() * 1000.0 / IDLE.as_secs_f64();
    }
    let mut client = stack.client(&Script::Workload { tasks: 240, seconds: 0.2 })?;
    let submitted = client.submitted()?;
    stack.until_connected(LIMIT as usize, 60.0)?;
    let ramp = now() - submitted;
    let (tree_ramp, at_ramp) = (tree(&stack), memory_of(manager.pid()).resident);
    let (mut tree_settled, mut settled) = (0, 0);
    if whole {
        client.finish(120.0).map_err(|failure| stack.explain(failure))?;
        thread::sleep(SETTLE);
        stack.check(stack.connected() == LIMIT as usize, "all workers still there", stack.connected())?;
        (tree_settled, settled) = (tree(&stack), memory_of(manager.pid()).resident);
    }
    let manager = at_ramp.max(settled);
    Ok(Measured { ramp, manager, tree_ramp, tree_settled, idle_cpu, ..Measured::default() })
}

/// Tasks from no worker to the last result.
fn cold(case: &Case, tasks: u32, seconds: f64, queue_size: Option<u32>) -> Result<f64> {
    let options = ManagerOptions { queue_size, ..ManagerOptions::default() };
    cold_with(case, options, StackOptions::default(), tasks, seconds)
}

/// From the first submission to the last result, on a stack that has no worker yet.
pub(super) fn cold_with(
    case: &Case,
    options: ManagerOptions,
    stack: StackOptions,
    tasks: u32,
    seconds: f64,
) -> Result<f64> {
    let (stack, _manager) = start_with(case, options, stack)?;
    let mut client = stack.client(&Script::Workload { tasks, seconds })?;
    let finished = client.finish(90.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    Ok(finished.seconds)
}

/// 3 tasks of 20 s on 4 workers when the scheduler wants fewer: how often one was started again, and the seconds lost.
fn long_tasks(case: &Case) -> Result<(usize, f64)> {
    let options = ManagerOptions { cooldown: Some(2.0), queue_size: Some(1), ..ManagerOptions::default() };
    let (stack, _manager) = start(case, options)?;
    let mut client = stack.client(&Script::LongTasks { tasks: 3, seconds: 20.0 })?;
    let finished = client.finish(240.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    let starts = client.starts().all();
    let mut wasted = 0.0;
    for (at, start) in starts.iter().enumerate() {
        let again = starts[at + 1..].iter().find(|later| later.task == start.task);
        wasted += again.map_or(0.0, |later| later.at - start.at);
    }
    Ok((starts.len() - client.starts().distinct(), wasted))
}

/// A worker is killed with 1 task running and 10 queued while the others are idle: seconds until one of them runs
/// elsewhere.
fn killed_worker(case: &Case) -> Result<f64> {
    let options = ManagerOptions {
        cooldown: Some(600.0),
        heartbeat: Some(1.0),
        queue_size: Some(11),
        ..ManagerOptions::default()
    };
    // The scheduler must not move queued tasks by itself before the kill.
    let scheduler_arguments = vec!["--load-balance-seconds".to_owned(), "-1".to_owned()];
    let (stack, manager) = start_with(case, options, StackOptions { scheduler_arguments, ..StackOptions::default() })?;
    let client = stack.client(&Script::Held { tasks: 44 })?;
    stack.until_connected(LIMIT as usize, 60.0)?;
    stack.until("a task on each worker", 30.0, || (client.starts().distinct() >= LIMIT as usize).then_some(()))?;
    let victim = client.starts().all()[0];
    client.release(victim.worker)?;
    stack.until("only the victim's tasks left", 30.0, || (client.done() >= 33).then_some(()))?;
    let before = client.starts().all().len();
    let killed = now();
    let workers = stack.workers(&manager);
    workers.iter().filter(|worker| worker.pid == victim.worker).for_each(Proc::kill);
    let again = stack.until("a task of the victim elsewhere", 120.0, || client.starts().all().get(before).copied())?;
    stack.check(again.worker != victim.worker, "a task of the victim elsewhere", format!("{again:?}"))?;
    Ok(again.at - killed)
}

/// What only our manager has: times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    /// Time of an evenly loaded run with rebalancing, to that of one without.
    pub(crate) warm: f64,
    /// Hand-backs in those runs.
    pub(crate) hand_backs: usize,
    /// From the start of a manager that takes over another one's workers until it follows the wish.
    pub(crate) taken_over: f64,
}

pub(crate) fn measure_own(case: &Case) -> Result<Own> {
    eprintln!("evenly loaded, with and without rebalancing");
    let (mut ratios, mut hand_backs) = (Vec::new(), 0);
    for _ in 0..PAIRS {
        let (without, _) = warm(case, false)?;
        let (with, asked) = warm(case, true)?;
        ratios.push(with / without);
        hand_backs += asked;
    }
    eprintln!("ratios {ratios:.3?}, {hand_backs} hand-backs");
    eprintln!("a manager that takes over");
    let taken: Vec<f64> = (0..RUNS).map(|_| take_over(case)).collect::<Result<_>>()?;
    #[expect(clippy::cast_precision_loss, reason = "a handful of runs")]
    let warm = ratios.iter().sum::<f64>() / ratios.len() as f64;
    Ok(Own { warm, hand_backs, taken_over: median(taken) })
}

/// Seconds that 400 tasks of 0.05 s take on 4 workers that are there already, and how many were asked to hand back.
fn warm(case: &Case, rebalances: bool) -> Result<(f64, usize)> {
    let extra = if rebalances { Vec::new() } else { vec!["--no-rebalance".to_owned()] };
    let (stack, manager) = start(case, ManagerOptions { cooldown: Some(600.0), extra, ..ManagerOptions::default() })?;
    let mut first = stack.client(&Script::Workload { tasks: 60, seconds: 0.1 })?;
    stack.until_connected(LIMIT as usize, 60.0)?;
    first.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.until_connected(LIMIT as usize, 60.0)?;
    let asked = || manager.log().lines_with(&["asking a unit", "more than its share"]).len();
    let before = asked();
    let mut client = stack.client(&Script::Workload { tasks: 400, seconds: 0.05 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    Ok((finished.seconds, asked() - before))
}

/// A manager is killed with tasks in its workers; from the start of the next one until it follows the wish.
fn take_over(case: &Case) -> Result<f64> {
    let extra = vec!["--on-exit".to_owned(), "keep".to_owned(), "--keep-seconds".to_owned(), "20".to_owned()];
    let options = ManagerOptions { extra, kind: case.kind, binary: case.binary.clone(), ..ManagerOptions::default() };
    let (stack, mut manager) = start(case, options.clone())?;
    let mut client = stack.client(&Script::Workload { tasks: 120, seconds: 0.2 })?;
    stack.until_connected(LIMIT as usize, 60.0)?;
    manager.kill();
    let began = now();
    let next = stack.manager(&ManagerOptions { limit: LIMIT, log_name: "next".to_owned(), ..options })?;
    stack.until("the wish followed", 30.0, || {
        let log = next.log();
        (!log.lines_with(&["took over"]).is_empty() && !log.lines_with(&["target changed"]).is_empty()).then_some(())
    })?;
    let took = now() - began;
    client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    Ok(took)
}
