//! A day of a thousand workers and a million tasks: prints how long that takes, and its table.

use std::{path::Path, time::Instant};

use scaler_wm_sim::{Simulation, table};

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(u64::MAX / 1_024) * 1_024
}

fn main() -> scaler_wm_sim::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/day.toml");
    let began = Instant::now();
    let outcomes = Simulation::read(&file)?.run(|_| {})?;
    println!("day_seconds {:.3}", began.elapsed().as_secs_f64());
    println!("day_completed {}", outcomes.iter().map(|outcome| outcome.completed).sum::<u64>());
    println!("day_peak_bytes {}", peak());
    eprint!("{}", table(&outcomes));
    Ok(())
}
