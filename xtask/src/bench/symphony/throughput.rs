//! How many tasks go through in a second.

use std::{process::Command, thread, time::Duration};

use scaler_wm_tests::{Client, Process, Result, Script, Stack, StackOptions, cpu_time, now};
use serde_json::Value;

use super::programs::{Behind, Manager, Programs};

/// Tasks of a round, so many that it takes some seconds, and those before them that are not counted.
const TASKS: u32 = 3000;
const WAITING: u32 = 6000;
const FIRST: u32 = 200;
/// The same where nothing but the manager takes time: for ours, and for the released one.
const ALONE: [u32; 2] = [60_000, 3000];
/// Services take more time than our manager.
const ALONE_RUN: u32 = 10_000;
/// The bytes of an argument, where there is no client that makes them.
const BYTES: &str = "8";
/// A scheduler that takes less than this share of a core for so long has nothing to do.
const AT_REST: f64 = 0.1;
const REST: Duration = Duration::from_millis(500);
/// Longer than any round takes, in seconds.
const PATIENCE: f64 = 300.0;

/// The figures of one round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    tasks: u32,
    /// From the first task until all are done, in seconds.
    seconds: f64,
    /// Processor time that the manager and all it has started took meanwhile, in seconds.
    manager: f64,
    /// What the released scheduler took, or the client, whichever took more; where they are there.
    around: Option<f64>,
}

impl Round {
    /// Tasks per second.
    pub(super) fn rate(&self) -> f64 {
        f64::from(self.tasks) / self.seconds
    }

    /// Processor time of a task in the manager, in milliseconds.
    pub(super) fn manager(&self) -> f64 {
        self.manager * 1e3 / f64::from(self.tasks)
    }

    /// Tasks per second that scheduler and client allow at the most: either is one thread of Python, more or less.
    pub(super) fn most(&self) -> Option<f64> {
        self.around.map(|around| f64::from(self.tasks) / around)
    }
}

/// With the released scheduler and a client that submits all tasks at once.
pub(super) fn flood(programs: &Programs, manager: Manager, behind: Behind) -> Result<Round> {
    let stack = start()?;
    let _manager = worker(programs, &stack, manager, behind)?;
    let mut client = stack.client(&Script::Flood { tasks: TASKS, first: FIRST })?;
    let began = client.submitted()?;
    let round = until_done(&stack, &mut client, TASKS, began, behind)?;
    eprintln!("{manager:?} before {behind:?}: {:.0} tasks/s, {round:.2?}", round.rate());
    Ok(round)
}

/// The same, but all of them wait in the scheduler when the worker comes.
pub(super) fn backlog(programs: &Programs, manager: Manager, behind: Behind) -> Result<Round> {
    let stack = start()?;
    let mut client = stack.client(&Script::Flood { tasks: WAITING, first: 0 })?;
    client.submitted()?;
    let mut before = taken(&stack, "scheduler");
    stack.until("the scheduler have all tasks", PATIENCE, || {
        thread::sleep(REST);
        let now = taken(&stack, "scheduler");
        let took = now.saturating_sub(std::mem::replace(&mut before, now));
        (took < REST.mul_f64(AT_REST)).then_some(())
    })?;
    let _manager = worker(programs, &stack, manager, behind)?;
    let round = until_done(&stack, &mut client, WAITING, now(), behind)?;
    eprintln!("{manager:?} before {behind:?}, from a backlog: {:.0} tasks/s, {round:.2?}", round.rate());
    Ok(round)
}

/// With a scheduler that costs next to nothing, and no client.
pub(super) fn alone(programs: &Programs, manager: Manager, behind: Behind) -> Result<Round> {
    let tasks = match (manager, behind) {
        (Manager::Ours, Behind::Services) => ALONE_RUN,
        (Manager::Ours, Behind::Nobody) => ALONE[0],
        (Manager::Released, _) => ALONE[1],
    };
    let stack = start()?;
    let mut command = Command::new(&programs.stand_in);
    command.args([&stack.storage_address(), &tasks.to_string(), BYTES, &FIRST.to_string()]);
    let stand_in = stack.process("stand-in", &mut command)?;
    let event = |name: &str| {
        stack.until(&format!("of the stand-in: {name}"), PATIENCE, || {
            let events = stand_in.log().text();
            let mut events = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            events.find(|event| event["event"] == name)
        })
    };
    let address = event("listening")?["address"].as_str().unwrap_or_default().to_owned();
    let _worker = programs.worker(&stack, manager, behind, &address)?;
    event("submitted")?;
    let took = since(&stack);
    let finished = event("finished")?;
    let [manager_took, ..] = took();
    stack.check(finished["right"] == true, "each task end once, and well", &finished)?;
    let round =
        Round { tasks, seconds: finished["seconds"].as_f64().unwrap_or(f64::NAN), manager: manager_took, around: None };
    eprintln!("{manager:?} before {behind:?}, with a stand-in: {:.0} tasks/s, {round:.2?}", round.rate());
    Ok(round)
}

fn start() -> Result<Stack> {
    Stack::start(StackOptions { is_told: true, ..StackOptions::default() })
}

/// A manager with one worker.
fn worker(programs: &Programs, stack: &Stack, manager: Manager, behind: Behind) -> Result<Process> {
    let process = programs.manager(stack, manager, behind)?;
    stack.wish(1)?;
    stack.until_connected(1, 30.0)?;
    Ok(process)
}

fn until_done(stack: &Stack, client: &mut Client, tasks: u32, began: f64, behind: Behind) -> Result<Round> {
    let took = since(stack);
    stack.until("all tasks done", PATIENCE, || (client.done() >= u64::from(tasks)).then_some(()))?;
    let (seconds, [manager, scheduler, submitter]) = (now() - began, took());
    let finished = client.finish(PATIENCE).map_err(|failure| stack.explain(failure))?;
    // A task that nobody has run gives something else than its number.
    stack.check(finished.right || behind == Behind::Nobody, "the right results", format!("{finished:?}"))?;
    Ok(Round { tasks, seconds, manager, around: Some(scheduler.max(submitter)) })
}

/// Processor time that manager, scheduler and client take from now on, in seconds.
fn since(stack: &Stack) -> impl Fn() -> [f64; 3] {
    let taken = || ["manager", "scheduler", "client"].map(|role| taken(stack, role));
    let before = taken();
    move || {
        let now = taken();
        std::array::from_fn(|role| now[role].saturating_sub(before[role]).as_secs_f64())
    }
}

/// Processor time that the processes of a role have taken so far.
fn taken(stack: &Stack, role: &str) -> Duration {
    let processes = stack.processes();
    let theirs = processes.iter().filter(|process| process.role.as_deref() == Some(role));
    theirs.map(|process| cpu_time(process.pid)).sum()
}
