//! Managers among faults, for as many seeds as one likes.
//!
//! What `cargo xtask soak chaos` runs. `chaos SEEDS [FIRST]` runs scenarios of that many seeds, on all processors; the first one that breaks a rule is made
//! shorter and told. `chaos --replay SEED` tells how one goes.

use std::{
    env, io,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use scaler_wm_sim::chaos::{Point, Scenario, Tally, shrink};

const USAGE: &str = "usage: chaos SEEDS [FIRST] | chaos --replay SEED";
/// A line of progress for each so many seeds.
const SAY_EVERY: u64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |text: &String| text.parse::<u64>().ok();
    let done = match arguments.as_slice() {
        [replay, seed] if replay == "--replay" => number(seed).map(self::replay),
        [seeds] => number(seeds).map(|seeds| sweep(seeds, 0)),
        [seeds, first] => number(seeds).zip(number(first)).map(|(seeds, first)| sweep(seeds, first)),
        _ => None,
    };
    done.unwrap_or_else(|| {
        eprintln!("{USAGE}");
        ExitCode::from(2)
    })
}

fn sweep(seeds: u64, first: u64) -> ExitCode {
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let worst = AtomicU64::new(u64::MAX);
    let total = Mutex::new(Tally::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first.saturating_add(seeds) || seed > worst.load(Ordering::Relaxed) {
                return;
            }
            let run = Scenario::from_seed(seed).run(false);
            total.lock().unwrap_or_else(PoisonError::into_inner).add(&run.tally);
            if run.violation.is_some() {
                worst.fetch_min(seed, Ordering::Relaxed);
            }
            let done = seed + 1 - first;
            if done.is_multiple_of(SAY_EVERY) {
                eprintln!("{done} of {seeds} seeds, {:.0} s", began.elapsed().as_secs_f64());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    match worst.into_inner() {
        u64::MAX => {
            tell(&total, began.elapsed().as_secs_f64());
            println!("{seeds} seeds, 0 violations");
            ExitCode::SUCCESS
        }
        seed => {
            tell_violation(seed);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "hours of simulated time")]
fn tell(total: &Tally, seconds: f64) {
    let Tally { lives, kills, calls, units, given_up, unwritten, millis, passed, killed_at } = total;
    println!(
        "{:.0} hours simulated in {seconds:.0} s: {lives} processes, {kills} killed; {calls} calls, {units} units",
        *millis as f64 / 3.6e6
    );
    println!("  {given_up} launches were given up, of which nobody learned in time what came");
    for (write, count) in unwritten {
        println!("  {:<50} {count:>9} times", format!("not written down: {write}"));
    }
    for point in Point::ALL {
        let count = |of: &std::collections::BTreeMap<Point, u64>| of.get(&point).copied().unwrap_or_default();
        println!("  {:<50} {:>9} times, killed {:>6}", point.to_string(), count(passed), count(killed_at));
    }
}

fn tell_violation(seed: u64) {
    let Some(shrunk) = shrink(&Scenario::from_seed(seed)) else {
        println!(
            "seed {seed} broke a rule, and does not when it is run again: what it does depends on more than its seed"
        );
        return;
    };
    print!("{shrunk}");
    println!("(again, with all events: cargo xtask soak chaos --replay {seed})");
}

fn replay(seed: u64) -> ExitCode {
    let scenario = Scenario::from_seed(seed);
    print!("{scenario}");
    let run = scenario.run(true);
    // Whoever reads only the beginning closes the pipe.
    let mut out = io::stdout().lock();
    for line in run.log {
        if io::Write::write_fmt(&mut out, format_args!("{line}\n")).is_err() {
            break;
        }
    }
    match run.violation {
        Some(violation) => {
            println!("{violation}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}
