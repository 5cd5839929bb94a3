//! What policies cost: decisions and allocations.

use std::collections::BTreeMap;

use scaler_wm_tests::{Failure, LATEST, Result, released_script};

use super::{report::Row, small::example};
use crate::shell;

/// Microseconds, by what was measured.
type Figures = BTreeMap<String, f64>;

/// Ours and those of the released package, for the same work.
#[derive(Debug)]
pub(crate) struct Measured {
    ours: Figures,
    released: Figures,
}

pub(crate) fn measure() -> Result<Measured> {
    eprintln!("ours");
    let ours = figures(&example("scaler-wm-core", "policy_bench")?)?;
    eprintln!("released {LATEST}, a minute and a half");
    let mut script = released_script(LATEST, "policy_bench.py")?;
    let released = figures(&shell::output_of("run policy_bench.py", &mut script)?)?;
    Ok(Measured { ours, released })
}

/// Reads `NAME MICROSECONDS` lines.
fn figures(text: &str) -> Result<Figures> {
    let figure = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    let read = |line| figure(line).ok_or_else(|| Failure::new("read a figure", format!("`{line}`")));
    text.lines().map(read).collect()
}

pub(crate) fn rows(measured: &Measured) -> Vec<Row> {
    // A figure that is missing meets no target.
    let of = |figures: &Figures, name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
    let both = |name: &str| (of(&measured.ours, name), of(&measured.released, name));
    let under = |what, name, bound: f64, target| {
        let (ours, released) = both(name);
        Row::beside(what, (ours, released), "µs", (target, ours < bound))
    };
    let growth = |what, small, large| {
        let growth = |figures| of(figures, large) / of(figures, small);
        let (ours, released) = (growth(&measured.ours), growth(&measured.released));
        // The same but for noise: the released one grows tenfold.
        Row::beside(what, (ours, released), "times", ("the same: at most 1.5", ours <= 1.5))
    };
    vec![
        under("vanilla decision, 100,000 tasks", "vanilla_decision_100000", 10.0, "under 10 µs"),
        under("capability decision, 100,000 tasks, 4 sets", "capability_decision_100000", 10.0, "under 10 µs"),
        under("capability decision, 1,000,000 tasks, 4 sets", "capability_decision_1000000", 10.0, "under 10 µs"),
        growth(
            "capability decision, how it grows with ten times the tasks",
            "capability_decision_100000",
            "capability_decision_1000000",
        ),
        under("waterfall_v1 decision, 100,000 tasks", "waterfall_decision_100000", 10.0, "under 10 µs"),
        under("waterfall_v1 decision, 1,000,000 tasks", "waterfall_decision_1000000", 10.0, "under 10 µs"),
        growth(
            "waterfall_v1 decision, how it grows with ten times the tasks",
            "waterfall_decision_100000",
            "waterfall_decision_1000000",
        ),
        under("capability assign, 1,000 workers", "capability_assign", 1.0, "under 1 µs"),
        under("capability remove", "capability_remove", 1.0, "under 1 µs"),
        under("even_load assign, 1,000 workers", "even_load_assign", 0.3, "under 0.3 µs"),
        under("even_load remove", "even_load_remove", 0.3, "under 0.3 µs"),
        under(
            "even_load balance, 100,000 tasks over 1,000 workers and one idle",
            "even_load_balance",
            100.0,
            "under 100 µs",
        ),
        under(
            "capability balance, 100,000 tasks over 1,000 workers and one idle",
            "capability_balance",
            100.0,
            "under 100 µs",
        ),
    ]
}
