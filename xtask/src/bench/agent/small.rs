//! What examples of ours measure by themselves.

use std::process::Command;

use scaler_wm_tests::{Failure, Result};
use serde_json::Value;

use super::{Programs, start};
use crate::{bench::cases::median, shell};

/// Tasks that run all the time, and those that end.
pub(super) const RUNNING: u32 = 1000;
const ENDING: u32 = 500;
/// What else runs on the machine shows in the slowest few: a figure is the median of so many runs.
const RUNS: usize = 5;
/// From this length on memory is fresh from the kernel, each time.
const FRESH: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "1048576");

/// How long payloads take to be written, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) short: f64,
    pub(super) long: f64,
    /// A plain copy of as many bytes as the long one.
    pub(super) copy: f64,
    /// The bytes of the long one.
    pub(super) bytes: f64,
}

/// Times in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Latency {
    /// From a task's end until its result is announced.
    pub(super) ended: Shares,
    /// For an object to be stored without the agent.
    pub(super) stored: Shares,
}

/// What half of them, 99 of 100, and all of them do not exceed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) most: f64,
}

pub(super) fn written(programs: &Programs) -> Result<Written> {
    let figures = json_of("write payloads", Command::new(&programs.envelope).env(FRESH.0, FRESH.1))?;
    let figure = |name: &str| number(&figures, name);
    let written = Written {
        short: figure("short_ns")?,
        long: figure("long_ns")?,
        copy: figure("copy_ns")?,
        bytes: figure("long_bytes")?,
    };
    eprintln!("{written:?}");
    Ok(written)
}

pub(super) fn latency(programs: &Programs) -> Result<Latency> {
    let stack = start()?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let mut command = Command::new(&programs.latency);
        command.arg(stack.storage_address()).args([RUNNING, ENDING].map(|number| number.to_string()));
        runs.push(json_of("end tasks", &mut command)?);
    }
    let shares = |of: &str| {
        let figure = |name: &str| {
            let figures: Result<Vec<f64>> = runs.iter().map(|run| number(&run[of], name)).collect();
            figures.map(median)
        };
        Ok(Shares { p50: figure("p50")?, p99: figure("p99")?, most: figure("most")? })
    };
    let latency = Latency { ended: shares("ended")?, stored: shares("stored")? };
    runs.iter().for_each(|run| eprintln!("{run}"));
    Ok(latency)
}

fn json_of(what: &str, command: &mut Command) -> Result<Value> {
    let text = shell::output_of(what, command)?;
    serde_json::from_str(&text).map_err(|error| Failure::new(what, error).with_context(text))
}

fn number(figures: &Value, name: &str) -> Result<f64> {
    figures[name].as_f64().ok_or_else(|| Failure::new("read figures", format!("no {name} in {figures}")))
}
