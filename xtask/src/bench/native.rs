//! Local workers beside the released manager's.

use std::fs;

use scaler_wm_tests::{Failure, ManagerKind, Result};

use super::cases::{self, Case, Measured, Own};
use super::report::Row;
use super::sheet::Sheet;
use super::small::{self, Small};
use crate::shell;

pub(super) fn measure() -> Result<Sheet> {
    // The slim build first: both end up under the same name, and the default build is the one that is measured.
    eprintln!("building: slim, then default");
    let slim = shell::build_binary(&["--release", "--no-default-features", "--features", "native"])?;
    let slim_bytes = fs::metadata(&slim).map_err(|error| Failure::new("look at the slim binary", error))?.len();
    let binary = shell::build_binary(&["--release"])?;
    let small = small::measure(slim_bytes)?;
    let case = Case { kind: ManagerKind::Ours, binary: Some(binary) };
    let ours = cases::measure(&case)?;
    let own = cases::measure_own(&case)?;
    let released = cases::measure(&RELEASED)?;
    Ok(rows(&ours, &own, &released, &small).into())
}

/// Measures the released manager alone, and shows that as it is.
pub(super) fn released_only() -> Result<()> {
    println!("{:#?}", cases::measure(&RELEASED)?);
    Ok(())
}

const RELEASED: Case = Case { kind: ManagerKind::Released, binary: None };

#[expect(clippy::cast_precision_loss, reason = "sizes of memory and counts are far below 2^52")]
fn rows(ours: &Measured, own: &Own, released: &Measured, small: &Small) -> Vec<Row> {
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let beside = |what, ours, released, unit, target, met| Row::beside(what, (ours, released), unit, (target, met));
    let alone = Row::alone;
    let at = |wanted: u64| small.plan.iter().find(|(units, _)| *units == wanted).map_or(f64::NAN, |(_, time)| *time);
    // Linear growth: no step costs more per unit than 2.5 times the cheapest one.
    let per_unit: Vec<f64> =
        small.plan.iter().filter(|(units, _)| *units >= 1000).map(|(units, time)| time / *units as f64).collect();
    let cheapest = per_unit.iter().copied().fold(f64::INFINITY, f64::min);
    let dearest = per_unit.iter().copied().fold(0.0, f64::max);
    let growth = if per_unit.is_empty() { f64::NAN } else { dearest / cheapest };

    vec![
        beside(
            "first task to 4 connected workers",
            ours.ramp,
            released.ramp,
            "s",
            "at most 1/6 of Python's",
            ours.ramp <= released.ramp / 6.0,
        ),
        beside(
            "cold start to last result, 80 tasks of 0.2 s",
            ours.cold,
            released.cold,
            "s",
            "at most 70 % of Python's",
            ours.cold <= released.cold * 0.7,
        ),
        beside(
            "cold start to last result, 80 tasks of 0.2 s, all defaults",
            ours.cold_short,
            released.cold_short,
            "s",
            "at most 40 % of Python's",
            ours.cold_short <= released.cold_short * 0.4,
        ),
        beside(
            "cold start to last result, 40 tasks of 1 s, all defaults",
            ours.cold_long,
            released.cold_long,
            "s",
            "at most 35 % of Python's",
            ours.cold_long <= released.cold_long * 0.35,
        ),
        alone(
            "evenly loaded: time with rebalancing to time without",
            own.warm,
            "times",
            "within 3 %",
            (own.warm - 1.0).abs() <= 0.03,
        ),
        alone("hand-backs when evenly loaded", own.hand_backs as f64, "", "0", own.hand_backs == 0),
        alone(
            "manager killed under `--on-exit keep`, until the next one follows the wish",
            own.taken_over,
            "s",
            "under 1 s",
            own.taken_over < 1.0,
        ),
        beside(
            "long tasks started again by a scale-down",
            ours.restarted as f64,
            released.restarted as f64,
            "",
            "0",
            ours.restarted == 0,
        ),
        beside("work thrown away by that", ours.wasted, released.wasted, "s", "0", ours.wasted == 0.0),
        beside(
            "resident memory of the manager",
            mb(ours.manager),
            mb(released.manager),
            "MB",
            "at most 8 MB",
            mb(ours.manager) <= 8.0,
        ),
        beside(
            "proportional memory of manager, helper and 4 workers, at full ramp",
            mb(ours.tree_ramp),
            mb(released.tree_ramp),
            "MB",
            "at most 60 % of Python's",
            mb(ours.tree_ramp) <= mb(released.tree_ramp) * 0.6,
        ),
        beside(
            "proportional memory of manager, helper and 4 workers, settled after work",
            mb(ours.tree_settled),
            mb(released.tree_settled),
            "MB",
            "at most 60 % of Python's",
            mb(ours.tree_settled) <= mb(released.tree_settled) * 0.6,
        ),
        beside(
            "worker killed with tasks queued, until they run elsewhere",
            ours.rerun,
            released.rerun,
            "s",
            "at most 1 s",
            ours.rerun <= 1.0,
        ),
        beside(
            "processor time of the idle manager, per second",
            ours.idle_cpu,
            released.idle_cpu,
            "ms",
            "at most 2 ms",
            ours.idle_cpu <= 2.0,
        ),
        alone("slim release binary", mb(small.slim_bytes), "MB", "at most 5 MB", mb(small.slim_bytes) <= 5.0),
        alone("decode of one command frame", small.decode / 1000.0, "µs", "under 1 µs", small.decode < 1000.0),
        alone("`plan` for 10,000 units", at(10_000) / 1000.0, "ms", "under 2 ms", at(10_000) < 2000.0),
        alone(
            "`plan` per unit, dearest to cheapest from 1,000 units on",
            growth,
            "times",
            "linear: at most 2.5",
            growth <= 2.5,
        ),
    ]
}
