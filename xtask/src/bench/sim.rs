//! Simulations, and a policy of ours beside the scheduler's own.

use std::path::Path;

use scaler_wm_tests::{Failure, ManagerKind, ManagerOptions, Result, StackOptions};

use super::{
    cases::{Case, cold_with, median},
    report::Row,
    small::example,
};

/// Starts of a full stack, for each of the two.
const STARTS: usize = 3;

/// Times in seconds, memory in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    day: f64,
    completed: f64,
    memory: f64,
    local: f64,
    released: f64,
}

pub(crate) fn measure(binary: &Path) -> Result<Measured> {
    eprintln!("a day of a thousand workers");
    let text = example("scaler-wm-sim", "day")?;
    let figure = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        found.ok_or_else(|| Failure::new("read the example day", format!("no {name} in {text}")))
    };
    let (day, completed, memory) = (figure("day_seconds")?, figure("day_completed")?, figure("day_peak_bytes")?);

    // The released manager under the scheduler's own policy; ours under one of its own, beside a scheduler without any.
    let ours = Case { kind: ManagerKind::Ours, binary: Some(binary.to_owned()) };
    let python = Case { kind: ManagerKind::Released, binary: None };
    let policy = ["--policy-source", "local", "--policy-content", "allocate=even_load; scaling=target_wait"];
    let following = ManagerOptions { extra: policy.map(str::to_owned).into(), ..ManagerOptions::default() };
    let idle = StackOptions { policy: "allocate=even_load; scaling=no".to_owned(), ..StackOptions::default() };
    let (mut local, mut released) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        local.push(cold_with(&ours, following.clone(), idle.clone(), 80, 0.2)?);
        released.push(cold_with(&python, ManagerOptions::default(), StackOptions::default(), 80, 0.2)?);
    }
    eprintln!("local {local:.3?}, released {released:.3?}");
    Ok(Measured { day, completed, memory, local: median(local), released: median(released) })
}

pub(crate) fn rows(measured: &Measured) -> Vec<Row> {
    let Measured { day, completed, memory, local, released } = *measured;
    vec![
        Row::alone(
            "tasks of the simulated day",
            completed,
            "",
            "about 1,000,000",
            (completed / 1e6 - 1.0).abs() < 0.01,
        ),
        Row::alone("a day, 1,000 workers, 1,000,000 tasks, one core", day, "s", "under 10 s", day < 10.0),
        Row::alone("most memory of that", memory / 1e6, "MB", "under 200 MB", memory < 200e6),
        Row::beside(
            "cold start to last result, 80 tasks of 0.2 s, limit 4: local target_wait; released under vanilla",
            (local, released),
            "s",
            ("at most 33 % of Python's", local <= released * 0.33),
        ),
    ]
}
