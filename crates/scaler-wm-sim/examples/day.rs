//! A day of a thousand workers and a million tasks: prints how long that takes, and its table.

use std::{path::Path, time::Instant};

use scaler_wm_sim::{Simulation, table};

fn main() -> scaler_wm_sim::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/day.toml");
    let began = Instant::now();
    let outcomes = Simulation::read(&file)?.run(|_| {})?;
    println!("day_seconds {:.3}", began.elapsed().as_secs_f64());
    println!("day_completed {}", outcomes.iter().map(|outcome| outcome.completed).sum::<u64>());
    eprint!("{}", table(&outcomes));
    Ok(())
}
