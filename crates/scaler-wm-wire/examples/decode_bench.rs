//! How long one command frame takes to decode: prints `decode_command_ns N`.
//!
//! The frame is one that a scheduler with the capability policy sends: two wishes, three capabilities in all. The
//! figure is the best of several rounds, since everything else that runs only adds to it.

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use scaler_wm_wire::{
    Message, Version,
    message::{Capability, ConcurrencyRequest, WorkerManagerCommand},
};

const ROUNDS: u32 = 20;
const PER_ROUND: u32 = 50_000;

fn main() -> Result<(), Box<dyn Error>> {
    let capability = |name: &str, value| Capability { name: name.to_owned(), value };
    let frame = Message::WorkerManagerCommand(WorkerManagerCommand {
        requests: vec![
            ConcurrencyRequest {
                task_concurrency: 8,
                capabilities: vec![capability("gpu", 2), capability("linux", -1)],
            },
            ConcurrencyRequest { task_concurrency: 3, capabilities: vec![capability("linux", -1)] },
        ],
    })
    .encode(Version::V2)?;
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..PER_ROUND {
            black_box(Message::decode(black_box(&frame), Version::V2)?);
        }
        best = best.min(start.elapsed());
    }
    println!("decode_command_ns {:.0}", best.as_secs_f64() * 1e9 / f64::from(PER_ROUND));
    Ok(())
}
