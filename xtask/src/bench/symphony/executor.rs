//! The executor over a library, without scheduler and agent.

use std::process::Command;

use scaler_wm_tests::{Failure, Result, json_lines};
use serde_json::Value;

use super::programs::{Library, Programs};
use crate::bench::cases::median;

/// Tasks of a round.
pub(super) const TASKS: u32 = 200_000;
/// Tasks that are out there.
pub(super) const HELD: u32 = 100_000;
/// How often it is started anew: threads are placed differently each time.
const STARTS: usize = 3;

/// What a task costs, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    /// From the submission of all to the completion of all.
    pub(super) time: f64,
    /// Processor time of all threads, those of the library included.
    pub(super) cpu: f64,
    /// What payload and answer take of it, written and read by themselves.
    pub(super) payload: f64,
    /// What is left without them.
    pub(super) rest: f64,
}

/// What a library takes of it that is called without us, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// Processor time of all threads.
    pub(super) cpu: f64,
}

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) before: f64,
    pub(super) after: f64,
}

pub(super) fn costs(programs: &Programs, library: Library<'_>) -> Result<Costs> {
    let [time, cpu, payload, rest] = medians(programs, library, &[], ["time_ns", "cpu_ns", "payload_ns", "rest_ns"])?;
    Ok(Costs { time, cpu, payload, rest })
}

pub(super) fn alone(programs: &Programs, library: Library<'_>) -> Result<Alone> {
    let [cpu] = medians(programs, library, &["alone"], ["cpu_ns"])?;
    Ok(Alone { cpu })
}

/// The figures of some starts, over a library that answers at once.
fn medians<const COUNT: usize>(
    programs: &Programs,
    library: Library<'_>,
    how: &[&str],
    names: [&str; COUNT],
) -> Result<[f64; COUNT]> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let mut command = Command::new(&programs.overhead);
        command.arg(library.path).arg(TASKS.to_string()).args(how).envs(library.environment.iter().copied());
        starts.push(figures(&mut command, names)?);
    }
    eprintln!("{} {how:?}: {names:?} each time {starts:.0?}", library.path.display());
    Ok(std::array::from_fn(|figure| median(starts.iter().map(|figures| figures[figure]).collect())))
}

/// With a library that does not answer.
pub(super) fn held(programs: &Programs, library: Library<'_>) -> Result<Held> {
    let mut command = Command::new(&programs.overhead);
    command.arg(library.path).args([&HELD.to_string(), "held"]);
    command.envs(library.environment.iter().chain(library.silence).copied());
    let [before, after] = figures(&mut command, ["before", "after"])?;
    eprintln!("{}: {before} bytes, with {HELD} tasks {after}", library.path.display());
    Ok(Held { before, after })
}

/// These numbers of what a program prints.
fn figures<const COUNT: usize>(command: &mut Command, names: [&str; COUNT]) -> Result<[f64; COUNT]> {
    let told = json_lines(command, [])?.pop().unwrap_or(Value::Null);
    let figures = names.map(|name| told[name].as_f64().unwrap_or(f64::NAN));
    if figures.iter().any(|figure| figure.is_nan()) {
        return Err(Failure::new("read what the executor costs", told));
    }
    Ok(figures)
}
