//! How long the payload of a task takes to be written, beside a plain copy: prints JSON, in nanoseconds.
//!
//! Long payloads and copies take turns, and the figures are medians: what else runs then hits both.

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::Bytes;
use scaler_wm_agent::payload::Envelope;
use scaler_wm_core::Inputs;
use serde_json::json;

/// About what the serializer of released clients and a short function take.
const SERIALIZER: usize = 60;
const FUNCTION: usize = 400;
const SHORT: usize = 1024;
const LONG: usize = 20 << 20;
const ROUNDS: usize = 51;
/// Short payloads in one round: the clock would be too coarse for a single one.
const PER_ROUND: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let short = inputs(SHORT);
    let envelope = Envelope::new(&short)?;
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for _ in 0..PER_ROUND {
            black_box(black_box(&envelope).tuple());
        }
        began.elapsed() / PER_ROUND
    });
    let short_ns = median(rounds.collect());

    let long = inputs(LONG);
    let envelope = Envelope::new(&long)?;
    let argument = &long.arguments[0];
    let (mut written, mut copied) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        written.push(timed(|| black_box(&envelope).tuple()));
        copied.push(timed(|| {
            let mut copy = Vec::with_capacity(argument.len());
            copy.extend_from_slice(black_box(argument));
            copy
        }));
    }
    let (long_ns, copy_ns) = (median(written), median(copied));
    println!("{}", json!({"short_ns": short_ns, "long_ns": long_ns, "copy_ns": copy_ns, "long_bytes": LONG}));
    Ok(())
}

fn inputs(argument: usize) -> Inputs {
    let bytes = |length: usize| Bytes::from((0..length).map(|_| fastrand::u8(..)).collect::<Vec<u8>>());
    Inputs { serializer: bytes(SERIALIZER), function: bytes(FUNCTION), arguments: vec![bytes(argument)] }
}

/// How long it takes, without letting go of what it makes.
fn timed(make: impl Fn() -> Vec<u8>) -> Duration {
    let began = Instant::now();
    let made = black_box(make());
    let took = began.elapsed();
    drop(made);
    took
}

/// In nanoseconds.
fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1e9
}
