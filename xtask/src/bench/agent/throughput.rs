//! How many tasks go through a worker in a second.

use std::{thread, time::Duration};

use scaler_wm_tests::{Client, Result, Script, Stack, cpu_time, now};

use super::{Programs, stand_in::StandIn, start, worker::Worker};

/// Tasks of a round, and those before them that are not counted.
pub(super) const TASKS: u32 = 3000;
const FIRST: u32 = 200;
/// The bytes of an argument, where there is no client that makes them.
const BYTES: u32 = 8;
/// A scheduler that takes less than this share of a core for so long has nothing to do.
const AT_REST: f64 = 0.1;
const REST: Duration = Duration::from_millis(500);
/// Longer than any round takes, in seconds.
const PATIENCE: f64 = 300.0;

/// The figures of one round.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Round {
    /// From the first task until all are done, in seconds.
    pub(super) seconds: f64,
    /// Processor time that the worker took meanwhile, in seconds.
    pub(super) worker: f64,
    /// What the scheduler took.
    pub(super) scheduler: f64,
    /// What the client took.
    pub(super) client: f64,
}

impl Round {
    /// Tasks per second.
    pub(super) fn rate(&self) -> f64 {
        f64::from(TASKS) / self.seconds
    }
}

/// With the released scheduler and a client that submits all of them at once.
pub(super) fn whole(worker: &Worker) -> Result<Round> {
    let stack = start()?;
    let _worker = worker.start(&stack, &stack.address(), None)?;
    stack.until_connected(1, 20.0)?;
    let mut client = stack.client(&Script::Flood { tasks: TASKS, first: FIRST })?;
    let began = client.submitted()?;
    let round = until_done(&stack, &mut client, began)?;
    eprintln!("{worker} with the released scheduler: {:.0} tasks/s, {round:.2?}", round.rate());
    Ok(round)
}

/// The same, but all of them wait in the scheduler when the worker comes.
pub(super) fn backlog(worker: &Worker) -> Result<Round> {
    let stack = start()?;
    let mut client = stack.client(&Script::Flood { tasks: TASKS, first: 0 })?;
    client.submitted()?;
    let mut before = taken(&stack, "scheduler");
    stack.until("the scheduler have all tasks", PATIENCE, || {
        thread::sleep(REST);
        let now = taken(&stack, "scheduler");
        let took = now.saturating_sub(std::mem::replace(&mut before, now));
        (took < REST.mul_f64(AT_REST)).then_some(())
    })?;
    let _worker = worker.start(&stack, &stack.address(), None)?;
    stack.until_connected(1, 20.0)?;
    let round = until_done(&stack, &mut client, now())?;
    eprintln!("{worker} with a backlog: {:.0} tasks/s, {round:.2?}", round.rate());
    Ok(round)
}

fn until_done(stack: &Stack, client: &mut Client, began: f64) -> Result<Round> {
    let taken = || ["worker", "scheduler", "client"].map(|role| taken(stack, role));
    let before = taken();
    stack.until("all tasks done", PATIENCE, || (client.done() >= u64::from(TASKS)).then_some(()))?;
    let (seconds, after) = (now() - began, taken());
    let finished = client.finish(PATIENCE).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "the right results", format!("{finished:?}"))?;
    let took = |role: usize| after[role].saturating_sub(before[role]).as_secs_f64();
    Ok(Round { seconds, worker: took(0), scheduler: took(1), client: took(2) })
}

/// With a scheduler that costs next to nothing.
pub(super) fn alone(programs: &Programs, worker: &Worker) -> Result<Round> {
    let stack = start()?;
    let mut stand_in = StandIn::start(programs, &stack, TASKS, BYTES, FIRST)?;
    let address = stand_in.address(&stack)?;
    let _worker = worker.start(&stack, &address, None)?;
    let (seconds, right) = stand_in
        .until(&stack, "all tasks done", |event| Some((event["seconds"].as_f64()?, event["right"].as_bool()?)))?;
    stack.check(right, "the right results", "each task once, and well")?;
    let round = Round { seconds, ..Round::default() };
    eprintln!("{worker} with a stand-in: {:.0} tasks/s", round.rate());
    Ok(round)
}

/// Processor time that the processes of a role have taken so far.
fn taken(stack: &Stack, role: &str) -> Duration {
    let processes = stack.processes();
    let theirs = processes.iter().filter(|process| process.role.as_deref() == Some(role));
    theirs.map(|process| cpu_time(process.pid)).sum()
}
