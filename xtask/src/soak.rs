//! `cargo xtask soak`: longer looks at one property.

mod chaos;
mod stack;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use scaler_wm_tests::{
    CloudStack, CloudStackOptions, Ec2Emulator, Ec2Options, Emulator, EmulatorOptions, Failure, Fell, KillTally,
    Killable, LATEST, ManagerKind, ManagerOptions, OLDEST, Result, Script, Stack, StackOptions, Tally, Workload,
    is_interrupted,
};

use crate::{shell, terminal};

/// The real stack under changing load, with kills; fails when a result is wrong, memory grows, or something is left.
pub(crate) fn stack(arguments: &[&str]) -> Result<()> {
    stack::run(arguments)
}

/// Whole managers in simulated time among faults; fails when a rule is broken, or a planted defect is not found.
pub(crate) fn chaos(arguments: &[&str]) -> Result<()> {
    chaos::run(arguments)
}

/// Rounds after which [`consent`] gives up.
const ROUNDS: u64 = 20;

/// Runs the double-start check with the workers' consent switched off until it reports a double start: a check that
/// cannot fail proves nothing.
pub(crate) fn consent() -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release"])?;
    for seed in 1..=ROUNDS {
        let off = ("SCALER_WM_TEST_CONSENT".to_owned(), "off".to_owned());
        let round = round(seed, &binary, vec![off])?;
        println!("seed {seed}: {round}");
        if !round.repeated.is_empty() {
            println!("with consent switched off the check reports double starts, as it should");
            return Ok(());
        }
    }
    Err(Failure::new("see a double start with consent switched off", format!("there was none in {ROUNDS} rounds")))
}

/// Runs the double-start check with ever new seeds until it is interrupted or reports something.
pub(crate) fn churn(first: u64) -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release"])?;
    for seed in first.. {
        let round = round(seed, &binary, Vec::new())?;
        println!("seed {seed}: {round}");
        if !round.repeated.is_empty() {
            return Err(Failure::new("see no task started twice", format!("seed {seed} did")));
        }
    }
    Ok(())
}

/// Simulates days under budgets, with ever other infrastructure; the tests do so a few times.
pub(crate) fn budget() -> Result<()> {
    let mut command = shell::cargo();
    command.args(["test", "--release", "--package", "scaler-wm-sim", "--test", "budget"]).env("PROPTEST_CASES", "1000");
    shell::run("keep within budgets", &mut command)
}

/// Kills of [`ecs`] and [`ec2`].
const KILLS: u64 = 50;
/// How many of them have to fall into each window of a launch.
const IN_EACH_WINDOW: usize = 5;

/// Kills managers of ECS at all moments of launches and stops, and sees that the next ones make it good.
pub(crate) fn ecs(first: u64) -> Result<()> {
    kills::<Emulator>("ecs", EmulatorOptions { executes: false, ..EmulatorOptions::default() }, first)
}

/// Does the same to managers of EC2.
pub(crate) fn ec2(first: u64) -> Result<()> {
    kills::<Ec2Emulator>("ec2", Ec2Options { executes: false, ..Ec2Options::default() }, first)
}

/// `name` is that of the feature of the binary, too.
fn kills<E: Killable>(name: &str, emulator: E::Options, first: u64) -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release", "--features", name])?;
    let stack = StackOptions { is_told: true, ..StackOptions::default() };
    let stack = CloudStack::<E>::start(CloudStackOptions { stack, emulator })?;
    let mut tally = KillTally::default();
    for seed in first..first + KILLS {
        println!("{}", tally.kill(&stack, seed, Some(binary.clone()))?);
    }
    println!("{tally}");
    let calls = shell::target().join(format!("soak-{name}-calls.jsonl"));
    fs::copy(stack.stack.folder().join("calls.jsonl"), &calls)
        .map_err(|error| Failure::new("keep the log of calls", error))?;
    println!("every call is in {}", calls.display());
    if !tally.is_good() {
        return Err(Failure::new("see every kill made good", "see above"));
    }
    let windows = [Fell::BeforeJournal, Fell::BeforeCall, Fell::BeforeSettling];
    match windows.into_iter().find(|window| tally.fell(*window) < IN_EACH_WINDOW) {
        Some(window) => Err(Failure::new(format!("hit {window:?} {IN_EACH_WINDOW} times"), tally.fell(window))),
        None => Ok(()),
    }
}

/// Workloads of [`rebalance`] per release.
const WORKLOADS: u64 = 100;

/// Runs mixed workloads, two at a time, and counts what taking work back did.
pub(crate) fn rebalance(first: u64) -> Result<()> {
    terminal::clean_up_on_signals()?;
    let binary = shell::build_binary(&["--release"])?;
    let seeds = (first..first + WORKLOADS).flat_map(|seed| [(seed, LATEST), (seed, OLDEST)]);
    let (seeds, tallies) = (Mutex::new(seeds), Mutex::new(Vec::new()));
    let next = || seeds.lock().ok()?.next().filter(|_| !is_interrupted());
    let work = || -> Result<()> {
        while let Some((seed, release)) = next() {
            let workload = Workload { release, seed, binary: Some(binary.clone()), environment: Vec::new() };
            let tally = workload.run()?;
            println!("{tally}");
            if let Some(evidence) = &tally.evidence {
                println!("{evidence}");
            }
            if let Ok(mut tallies) = tallies.lock() {
                tallies.push(tally);
            }
        }
        Ok(())
    };
    let results = thread::scope(|scope| [scope.spawn(work), scope.spawn(work)].map(thread::ScopedJoinHandle::join));
    let tallies = tallies.into_inner().unwrap_or_default();
    print_counts(&tallies);
    for result in results {
        result.map_err(|_| Failure::new("run the workloads", "a thread panicked"))??;
    }
    if is_interrupted() {
        return Err(Failure::new("run the workloads", "interrupted"));
    }
    if tallies.iter().all(|tally| tally.relieved == 0) {
        return Err(Failure::new("see a hand-back", "there was none, so nothing was tested"));
    }
    let wrong = tallies.iter().filter(|tally| !tally.violations().is_empty()).count();
    if wrong == 0 { Ok(()) } else { Err(Failure::new("see every workload go well", format!("{wrong} did not"))) }
}

fn print_counts(tallies: &[Tally]) {
    let sum = |count: &dyn Fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    println!("\nworkloads              {}", tallies.len());
    println!("tasks                  {}", sum(&|tally| tally.tasks));
    println!("started twice          {}", sum(&|tally| tally.repeated.len()));
    println!("hangs                  {}", sum(&|tally| usize::from(tally.hangs)));
    println!("wrong results          {}", sum(&|tally| usize::from(!tally.hangs && !tally.is_right)));
    println!("above limit and spare  {}", sum(&|tally| usize::from(tally.peak > tally.limit as usize + 1)));
    println!("spares                 {}", sum(&|tally| tally.spares));
    println!("hand-backs asked       {}", sum(&|tally| tally.asked));
    println!("hand-backs done        {}", sum(&|tally| tally.relieved));
    println!("tasks moved by them    {}", sum(&|tally| tally.moved));
    println!("overtaken by balancing {}", sum(&|tally| tally.overtaken));
    println!("crowded by later work  {}", sum(&|tally| tally.crowded));
    println!("without gain           {}", sum(&|tally| tally.in_vain.len()));
}

struct Round {
    seconds: f64,
    workers: usize,
    repeated: Vec<(u64, usize)>,
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seconds, workers, repeated } = self;
        write!(f, "600 tasks in {seconds:.1} s on {workers} workers, started twice: {}", repeated.len())
    }
}

fn round(seed: u64, binary: &Path, environment: Vec<(String, String)>) -> Result<Round> {
    let stack = Stack::start(StackOptions { churn: Some((seed, 4)), ..StackOptions::default() })?;
    let options = ManagerOptions {
        kind: ManagerKind::from_environment(),
        binary: Some(binary.to_owned()),
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        queue_size: Some(8),
        environment,
        ..ManagerOptions::default()
    };
    let _manager = stack.connected_manager(&options)?;
    let start = Instant::now();
    let mut client = stack.client(&Script::Counted { tasks: 600, seconds: 0.04 })?;
    let finished = client.finish(180.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    let workers = stack.scheduler().ever_connected();
    Ok(Round { seconds: start.elapsed().as_secs_f64(), workers, repeated: client.starts().repeated() })
}
