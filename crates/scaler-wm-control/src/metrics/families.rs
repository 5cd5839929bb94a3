//! What is exported: names, meanings, and where each figure is read.
//!
//! Names and units follow the conventions of Prometheus: base units, `_total` for what only grows. No name of a unit, a
//! launch or a task is ever a label, so that there are no more series after a year than after a day.

use scaler_wm_core::{
    ErrorKind, Limit,
    control::{CallFigures, Histogram},
    manager::Stage,
    policy::{Budget, Cost},
};

use super::reading::{RANGES, Reading};

/// Calls that a manager's loop makes.
const CALLS: [&str; 3] = ["launch", "stop", "observe"];

/// Labels beside the manager's name.
pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;
type Series<'a, T> = Vec<(Labels<'a>, T)>;

/// One metric, for all managers.
pub(super) struct Family {
    /// As it is exported. It says by its end what it is: `_total` a counter, `_seconds` a time.
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) figures: Kind,
}

/// What kind of metric it is, and how it is read.
pub(super) enum Kind {
    Gauge(fn(&Reading) -> Series<'_, f64>),
    Counter(fn(&Reading) -> Series<'_, u64>),
    Histogram(fn(&Reading) -> Series<'_, &Histogram>),
    Info(fn(&Reading) -> Labels<'_>),
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Reading) -> Series<'_, f64>) -> Family {
    Family { name, help, figures: Kind::Gauge(read) }
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Reading) -> Series<'_, u64>) -> Family {
    Family { name, help, figures: Kind::Counter(read) }
}

const fn histogram(name: &'static str, help: &'static str, read: fn(&Reading) -> Series<'_, &Histogram>) -> Family {
    Family { name, help, figures: Kind::Histogram(read) }
}

/// Every metric of a manager, in the order in which they are told.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "scaler_wm_manager_info",
        help: "What kind of manager it is, and where its units are.",
        figures: Kind::Info(|reading| vec![("kind", reading.kind), ("place", &reading.place)]),
    },
    gauge("scaler_wm_ready", "1 while the manager has begun and its scheduler answers, as /readyz says.", |reading| {
        one(reading.is_ready)
    }),
    gauge("scaler_wm_scheduler_up", "1 while the scheduler answers.", |reading| one(reading.status.is_linked)),
    gauge("scaler_wm_heartbeat_lag_seconds", "How long the scheduler took to answer the last heartbeat.", |reading| {
        let lag = reading.figures.heartbeat_lag.filter(|_| reading.status.is_linked);
        some(lag.map(|lag| lag.as_secs_f64()))
    }),
    // Units.
    gauge("scaler_wm_units_wanted", "Units that the scheduler wants, within the limit.", |reading| {
        some(reading.status.wanted)
    }),
    gauge("scaler_wm_units_desired", "Units wanted, an operator's bounds applied.", |reading| {
        some(reading.status.desired)
    }),
    gauge("scaler_wm_units_target", "Units aimed at, the scale-down cooldown applied.", |reading| {
        some(reading.status.target)
    }),
    gauge("scaler_wm_units_observed", "Units that are there, those on their way in and out included.", |reading| {
        let units = u32::try_from(reading.status.units.len()).unwrap_or(u32::MAX);
        some(reading.status.has_looked.then_some(units))
    }),
    gauge("scaler_wm_units_running", "Units that have come up, and are not on their way out.", |reading| {
        some(reading.status.has_looked.then_some(reading.status.running))
    }),
    gauge("scaler_wm_units_draining", "Units on their way out.", |reading| {
        some(reading.status.has_looked.then_some(reading.load.draining))
    }),
    gauge("scaler_wm_units_open", "Units that open launches may still bring.", |reading| one(reading.status.open)),
    gauge("scaler_wm_units_limit", "The most units that may exist; absent without a limit.", |reading| {
        let limit = match reading.status.most {
            Limit::AtMost(units) if reading.status.stage != Stage::Starting => Some(units),
            _ => None,
        };
        some(limit)
    }),
    gauge("scaler_wm_unit_task_concurrency", "Tasks that one unit runs at a time.", |reading| {
        some((reading.status.stage != Stage::Starting).then_some(reading.status.per_unit.get()))
    }),
    counter("scaler_wm_units_started_total", "Units that came.", |reading| one(reading.figures.units_started)),
    counter("scaler_wm_units_ended_total", "Units that went.", |reading| one(reading.figures.units_ended)),
    counter("scaler_wm_units_died_total", "Units that went although nobody had asked them to.", |reading| {
        one(reading.figures.units_died)
    }),
    counter("scaler_wm_units_cut_off_total", "Units that had to be ended with work in them.", |reading| {
        one(reading.figures.units_cut_off)
    }),
    histogram(
        "scaler_wm_unit_ready_seconds",
        "How long units took from when they were first seen until they were at the scheduler.",
        |reading| one(&reading.figures.ready),
    ),
    // Tasks.
    gauge("scaler_wm_tasks", "Tasks in units, as the scheduler knows them, by whether they run or wait.", |reading| {
        let load = &reading.load;
        [("running", load.running), ("queued", load.queued)]
            .map(|(state, tasks)| (label("state", state), real(tasks)))
            .into()
    }),
    gauge("scaler_wm_unit_tasks_max", "The most tasks that one unit (an agent, say) has.", |reading| {
        one(reading.load.most)
    }),
    gauge("scaler_wm_units_by_tasks", "Units (agents, say) by how many tasks each has.", |reading| {
        let ranges = RANGES.iter().zip(reading.load.by_tasks);
        ranges.map(|((range, _), units)| (label("tasks", range), f64::from(units))).collect()
    }),
    // Launches.
    counter("scaler_wm_launches_total", "Launch calls, repeated ones not counted.", |reading| {
        one(reading.figures.launches)
    }),
    counter("scaler_wm_launched_units_total", "Units that launch calls have asked for.", |reading| {
        one(reading.figures.units_asked_for)
    }),
    counter("scaler_wm_failures_total", "Calls of the loop that failed, by call and class of failure.", |reading| {
        let failures = &reading.figures.failures;
        let each = CALLS.into_iter().flat_map(|call| ErrorKind::ALL.map(|kind| (call, kind)));
        let count = |(call, kind)| failures.get(&(call, kind)).copied().unwrap_or_default();
        each.map(|key| (vec![("call", key.0), ("class", key.1.code())], count(key))).collect()
    }),
    gauge("scaler_wm_backoff_seconds", "How long the next launch still waits, since some failed.", |reading| {
        let hold = reading.status.hold.as_ref();
        one(hold.map_or(0.0, |hold| hold.until.since(reading.now).as_secs_f64()))
    }),
    gauge("scaler_wm_tiers_resting", "Tiers that are left alone for a while, since they had no capacity.", |reading| {
        let resting = reading.status.resting.iter().filter(|(_, until)| *until > reading.now);
        some(u32::try_from(resting.count()).ok())
    }),
    histogram("scaler_wm_reconcile_seconds", "How long rounds of observing, planning and acting took.", |reading| {
        one(&reading.figures.rounds)
    }),
    // Calls to the infrastructure.
    counter("scaler_wm_api_calls_total", "Calls to the infrastructure's API, each try counted.", |reading| {
        of_calls(reading, |calls| calls.sent)
    }),
    counter("scaler_wm_api_failures_total", "Those of them that failed, by class of failure.", |reading| {
        let each = reading.calls.iter().flat_map(|calls| {
            calls
                .failed
                .iter()
                .map(|(kind, count)| (vec![("operation", calls.operation), ("class", kind.code())], *count))
        });
        each.collect()
    }),
    counter("scaler_wm_api_throttles_total", "Those of them that were throttled.", |reading| {
        of_calls(reading, |calls| calls.failed.get(&ErrorKind::Throttled).copied().unwrap_or_default())
    }),
    histogram("scaler_wm_api_call_seconds", "How long calls to the infrastructure's API took.", |reading| {
        of_calls(reading, |calls| &calls.seconds)
    }),
    // Money.
    gauge(
        "scaler_wm_cost_per_hour",
        "Estimate of what the units of now cost in an hour, by the policy's prices and in their currency.",
        |reading| some(reading.cost.map(|cost| cost.per_hour)),
    ),
    gauge(
        "scaler_wm_cost_last_day",
        "Estimate of what units have cost in the last 24 hours, by the policy's prices and in their currency.",
        |reading| some(reading.cost.map(|cost| cost.last_day)),
    ),
    gauge("scaler_wm_budget_per_hour", "What all managers of the policy may cost in an hour.", |reading| {
        some(budget(reading.cost).and_then(|budget| budget.per_hour))
    }),
    gauge("scaler_wm_budget_per_day", "What all managers of the policy may cost in 24 hours.", |reading| {
        some(budget(reading.cost).and_then(|budget| budget.per_day))
    }),
    gauge("scaler_wm_budget_exhausted", "1 while the budget does not pay for all of the last launch.", |reading| {
        some(reading.cost.map(|_| f64::from(reading.status.is_refused_by_budget)))
    }),
];

fn budget(cost: Option<Cost>) -> Option<Budget> {
    cost.map(|cost| cost.budget)
}

fn label(name: &'static str, value: &'static str) -> Labels<'static> {
    vec![(name, value)]
}

/// A figure without further labels.
fn one<'a, T>(value: impl Into<T>) -> Series<'a, T> {
    vec![(Labels::new(), value.into())]
}

/// A figure that nobody may know.
fn some<'a>(value: Option<impl Into<f64>>) -> Series<'a, f64> {
    value.map(|value| (Labels::new(), value.into())).into_iter().collect()
}

fn of_calls<'a, T: 'a>(reading: &'a Reading, read: impl Fn(&'a CallFigures) -> T) -> Series<'a, T> {
    reading.calls.iter().map(|calls| (label("operation", calls.operation), read(calls))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 tasks")]
const fn real(count: u64) -> f64 {
    count as f64
}
