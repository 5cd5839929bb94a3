//! `cargo xtask soak rebalance`: mixed workloads, and what taking work back does to them.

use std::sync::Mutex;
use std::thread;

use scaler_wm_tests::{Failure, LATEST, OLDEST, Result, Tally, Workload, is_interrupted};

use crate::{shell, terminal};

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
