//! From nothing to a hundred tasks.

use std::{thread, time::Duration};

use scaler_wm_tests::{
    ApiCall, EcsStack, Emulator, Faults, Limit, Manager, ManagerKind, Outcome, Result, memory_of, now,
};

use super::start;
use crate::bench::cloud::{Subject, brought, heard, launches, wish};

/// Tasks that are wanted.
pub(super) const WANTED: u32 = 100;
/// How much longer every call takes, in seconds.
const LATENCY: f64 = 0.25;
/// A manager that has launched, and for so long nothing more, in seconds, has given up.
const GIVEN_UP: f64 = 15.0;
/// Longer than any manager takes, in seconds.
const PATIENCE: f64 = 120.0;
/// From the last task until memory is read.
const SETTLE: Duration = Duration::from_secs(5);

/// The figures of one ramp: times in seconds, memory in bytes.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    /// From the wish until the call that brought the last task was answered.
    pub(super) took: f64,
    /// The same from the heartbeat with which the wish was heard.
    pub(super) heard: f64,
    /// Tasks brought.
    pub(super) tasks: usize,
    /// How many had been brought at which time since the wish.
    pub(super) steps: Vec<(f64, usize)>,
    /// Calls of RunTask, all tries.
    pub(super) tries: usize,
    /// Those of them that AWS answered.
    pub(super) calls: usize,
    /// The longest time without a heartbeat, from the wish until memory was read.
    pub(super) silence: f64,
    /// Resident.
    pub(super) memory: u64,
}

pub(super) fn measure(subject: &Subject) -> Result<Ramp> {
    eprintln!("{:?}: {WANTED} tasks", subject.kind);
    let ecs = start()?;
    ecs.cloud.proxy.set_faults(Faults { latency: LATENCY, limits: Limit::fargate(), ..Faults::default() });
    let manager = ecs.connected_manager(&subject.options::<Emulator>(WANTED, &[]))?;
    let wished = wish(&ecs, WANTED)?;
    let calls = ecs.until("tasks", PATIENCE, || ended(&ecs, wished))?;
    let ended = calls.iter().filter(|call| !call.units.is_empty()).map(|call| call.began + call.took);
    let ended = ended.fold(wished, f64::max);
    thread::sleep(SETTLE);
    // A manager that goes on when all is there is seen too.
    let calls = launches(&ecs);
    let ramp = Ramp {
        took: ended - wished,
        heard: ended - heard(&ecs, wished),
        tasks: brought(&calls),
        steps: steps(&calls, wished),
        tries: calls.len(),
        calls: calls.iter().filter(|call| call.outcome == Outcome::Forwarded).count(),
        silence: ecs.stack.longest_silence(wished, now()),
        memory: memory_of(manager.pid()).resident,
    };
    eprintln!(
        "{} tasks in {:.2} s, {} calls, {:.1} s without a heartbeat",
        ramp.tasks, ramp.took, ramp.calls, ramp.silence
    );
    check(&ecs, &manager, &ramp)?;
    Ok(ramp)
}

/// Tasks brought, over time.
fn steps(calls: &[ApiCall], wished: f64) -> Vec<(f64, usize)> {
    let mut ends: Vec<(f64, usize)> =
        calls.iter().map(|call| (call.began + call.took - wished, call.units.len())).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut count = 0;
    let summed = ends.into_iter().map(|(at, units)| {
        count += units;
        (at, count)
    });
    [(0.0, 0)].into_iter().chain(summed).collect()
}

/// The calls, when all tasks are there or no more will come.
fn ended(ecs: &EcsStack, wished: f64) -> Option<Vec<ApiCall>> {
    let calls = launches(ecs);
    let last = calls.iter().map(|call| call.began + call.took).fold(wished, f64::max);
    let has_given_up = !calls.is_empty() && ecs.cloud.proxy.under_way("RunTask") == 0 && now() - last > GIVEN_UP;
    (brought(&calls) >= WANTED as usize || has_given_up).then_some(calls)
}

/// Ours brings what is wanted and no more; what the released one brings is told as it is.
fn check(ecs: &EcsStack, manager: &Manager, ramp: &Ramp) -> Result<()> {
    let there = ecs.units()?.len();
    if manager.kind() == ManagerKind::Ours {
        return ecs.check(ramp.tasks == WANTED as usize && there == ramp.tasks, "the tasks wanted", there);
    }
    if ramp.tasks != WANTED as usize {
        eprintln!("the released manager brought {} tasks of {WANTED}; its time is that of the last one", ramp.tasks);
    }
    Ok(())
}
