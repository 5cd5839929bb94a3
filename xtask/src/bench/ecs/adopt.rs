//! A thousand tasks that a manager finds again after its predecessor was killed.

use std::{thread, time::Duration};

use scaler_wm_tests::{ApiCall, Emulator, Faults, Limit, ManagerOptions, Result, memory_of, now};

use super::start;
use crate::bench::cloud::{Subject, brought, launches};

/// Tasks that are wanted.
pub(super) const WANTED: u32 = 1_000;
/// What brings them all at once.
const UNPACED: [&str; 6] =
    ["--ecs-tasks-per-second", "1000", "--ecs-tasks-burst", "1000", "--ecs-calls-per-second", "1000"];
/// How much longer every call of the next manager takes, in seconds.
const LATENCY: f64 = 0.05;
/// Looks per second, and at once, of either kind.
const PACE: f64 = 20.0;
/// From the last task until the kill, and from the adoption until memory is read: more than one look.
const SETTLE: Duration = Duration::from_secs(12);

/// The figures of one adoption: times in seconds, memory in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adopted {
    /// From the start of the next manager until it knows every task.
    pub(super) took: f64,
    /// Tasks that are there afterwards.
    pub(super) tasks: usize,
    /// Calls of RunTask by the next manager.
    pub(super) launches: usize,
    /// Calls that list or describe, until it knew every task.
    pub(super) looks: usize,
    /// Those of all its calls that were throttled.
    pub(super) throttled: usize,
    /// The longest time without a heartbeat, from its first one on.
    pub(super) silence: f64,
    /// Resident.
    pub(super) memory: u64,
}

pub(super) fn measure(subject: &Subject) -> Result<Adopted> {
    eprintln!("{WANTED} tasks that are found again");
    let ecs = start()?;
    let mut first = ecs.connected_manager(&subject.options::<Emulator>(WANTED, &UNPACED))?;
    ecs.stack.wish(WANTED)?;
    ecs.until("all tasks", 120.0, || (brought(&launches(&ecs)) >= WANTED as usize).then_some(()))?;
    // What it launched is on record, and it has looked at it.
    thread::sleep(SETTLE);
    ecs.check(ecs.units()?.len() == WANTED as usize, "the tasks wanted", ecs.units()?.len())?;
    first.kill();
    ecs.cloud.proxy.until_quiet(10.0)?;
    let before = ecs.cloud.proxy.calls().len();
    let limits = ["ListTasks", "DescribeTasks"].map(|operation| Limit::calls(operation, PACE, PACE));
    ecs.cloud.proxy.set_faults(Faults { latency: LATENCY, limits: limits.into(), ..Faults::default() });

    let options = ManagerOptions { log_name: "next".to_owned(), ..subject.options::<Emulator>(WANTED, &[]) };
    let began = now();
    let next = ecs.manager(&options)?;
    let known = format!("units={WANTED}");
    ecs.until("all tasks found again", 60.0, || {
        (!next.log().lines_with(&["target changed", &known]).is_empty()).then_some(())
    })?;
    let found = now();
    thread::sleep(SETTLE);
    let calls = ecs.cloud.proxy.calls().split_off(before);
    let count = |is: &dyn Fn(&ApiCall) -> bool| calls.iter().filter(|call| is(call)).count();
    let is_look = |call: &ApiCall| matches!(call.operation.as_str(), "ListTasks" | "DescribeTasks");
    let beat = ecs.stack.heartbeats().into_iter().find(|beat| *beat > began).unwrap_or(began);
    let adopted = Adopted {
        took: found - began,
        tasks: ecs.units()?.len(),
        launches: count(&|call| call.operation == "RunTask"),
        looks: count(&|call| is_look(call) && call.began + call.took <= found),
        throttled: count(&|call| call.code.as_deref().is_some_and(|code| code.starts_with("Throttling"))),
        silence: ecs.stack.longest_silence(beat, now()),
        memory: memory_of(next.pid()).resident,
    };
    eprintln!("{adopted:?}");
    Ok(adopted)
}
