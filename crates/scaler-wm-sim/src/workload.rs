//! Tasks, one after the other as they come.

use std::f64::consts::TAU;

use fastrand::Rng;
use scaler_wm_core::Capabilities;

use crate::{Seconds, Simulation, WorkloadConfig};

/// One task.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Milliseconds since the beginning.
    pub(crate) at: u64,
    /// How long it runs, in milliseconds; at least 1.
    pub(crate) takes: u64,
    /// What it needs.
    pub(crate) needs: Capabilities,
}

/// The tasks of a simulation, in order of their arrival. They are made as they are asked for.
pub(crate) fn arrivals(simulation: &Simulation) -> Box<dyn Iterator<Item = Arrival> + Send> {
    let mut rng = Rng::with_seed(simulation.seed ^ 0x7a5c);
    match simulation.workload.clone() {
        WorkloadConfig::Trace { .. } => {
            let trace = simulation.trace.clone().unwrap_or_default();
            let mut next = 0;
            Box::new(std::iter::from_fn(move || {
                let task = trace.tasks().get(next)?;
                next += 1;
                Some(Arrival {
                    at: millis(task.at),
                    takes: millis(task.seconds).max(1),
                    needs: task.capabilities.clone(),
                })
            }))
        }
        WorkloadConfig::Constant { tasks_per_second, hours, task_seconds } => {
            let count = (tasks_per_second * hours * 3_600.0).ceil();
            Box::new(
                (0_u64..)
                    .take_while(move |number| (float(*number)) < count)
                    .map(move |number| arrival(float(number) / tasks_per_second, task_seconds.sample(&mut rng))),
            )
        }
        WorkloadConfig::Bursts { tasks, bursts, every_seconds, task_seconds } => {
            let all = (0..bursts).flat_map(move |burst| (0..tasks).map(move |_| f64::from(burst) * every_seconds));
            Box::new(all.map(move |at| arrival(at, task_seconds.sample(&mut rng))))
        }
        WorkloadConfig::Daily { tasks_per_second, days, task_seconds } => {
            let end = days * 86_400.0;
            // By thinning: as many as at the busiest hour come, and of these as many stay as the hour has.
            let busiest = 1.9 * tasks_per_second;
            let mut at = 0.0;
            Box::new(std::iter::from_fn(move || {
                loop {
                    at += exponential(&mut rng) / busiest;
                    let hour = tasks_per_second * (1.0 - 0.9 * (TAU * at / 86_400.0).cos());
                    if at >= end {
                        return None;
                    }
                    if rng.f64() * busiest < hour {
                        return Some(arrival(at, task_seconds.sample(&mut rng)));
                    }
                }
            }))
        }
        WorkloadConfig::HeavyTail { tasks_per_second, hours, shortest_seconds, alpha } => {
            let mut at = 0.0;
            Box::new(std::iter::from_fn(move || {
                at += exponential(&mut rng) / tasks_per_second;
                let takes = shortest_seconds / (1.0 - rng.f64()).powf(1.0 / alpha);
                (at < hours * 3_600.0).then(|| arrival(at, takes))
            }))
        }
    }
}

fn arrival(at: f64, takes: f64) -> Arrival {
    Arrival { at: millis(at), takes: millis(takes).max(1), needs: Capabilities::default() }
}

/// Milliseconds of a time in seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times were checked, and are at least 0")]
pub(crate) fn millis(seconds: f64) -> u64 {
    // Some thirty years: what chance makes longer than that is long enough.
    (seconds.min(1e9) * 1e3).round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds are far below 2^52")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// With mean 1.
fn exponential(rng: &mut Rng) -> f64 {
    -(1.0 - rng.f64()).ln()
}

/// With mean 0 and deviation 1 (Box and Muller).
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos()
}

impl Seconds {
    /// One of these times, in seconds: log-normal, so that some are long and none is below 0.
    pub(crate) fn sample(&self, rng: &mut Rng) -> f64 {
        /// The 95th percentile of a normal distribution, in deviations.
        const P95: f64 = 1.644_853_6;
        match self.p95 {
            Some(p95) if p95 > self.p50 && self.p50 > 0.0 => {
                self.p50 * (normal(rng) * (p95 / self.p50).ln() / P95).exp()
            }
            _ => self.p50,
        }
    }
}
