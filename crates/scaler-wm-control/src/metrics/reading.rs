//! All that is known of one manager at one instant.

use std::sync::Arc;

use scaler_wm_core::{
    Timestamp,
    control::{CallFigures, Control, Figures},
    manager::{Status, UnitStatus},
    plan::{Drain, Phase, Work},
    policy::Cost,
};

use crate::http::why_not_ready;

/// All that is known of one manager at one instant.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) manager: String,
    pub(super) kind: &'static str,
    pub(super) place: String,
    pub(super) is_ready: bool,
    pub(super) status: Arc<Status>,
    pub(super) figures: Figures,
    pub(super) calls: Vec<CallFigures>,
    pub(super) cost: Option<Cost>,
    pub(super) now: Timestamp,
    pub(super) load: LoadReading,
}

/// What the units have to do.
#[derive(Debug, Default)]
pub(super) struct LoadReading {
    /// Units on their way out.
    pub(super) draining: u32,
    /// Tasks that run in units.
    pub(super) running: u64,
    /// Tasks that wait in them.
    pub(super) queued: u64,
    /// The most tasks of one unit.
    pub(super) most: u32,
    /// Units by how many tasks they have; see [`RANGES`].
    pub(super) by_tasks: [u32; RANGES.len()],
}

/// Ranges of tasks in one unit, and how many of them the first few end at. The last one is for units of which nobody
/// knows.
pub(super) const RANGES: [(&str, Option<u32>); 7] = [
    ("0", Some(0)),
    ("1", Some(1)),
    ("2-10", Some(10)),
    ("11-100", Some(100)),
    ("101-1000", Some(1000)),
    ("1001-", Some(u32::MAX)),
    ("unknown", None),
];

impl LoadReading {
    fn of(units: &[UnitStatus]) -> Self {
        let mut load = Self::default();
        for unit in units {
            load.draining += u32::from(unit.drain != Drain::No || unit.phase == Phase::Leaving);
            let tasks = match unit.work {
                Work::Unknown | Work::NotConnected { .. } => None,
                Work::Idle { .. } => Some(0),
                Work::Busy { tasks, queued } => {
                    load.running += u64::from(tasks.saturating_sub(queued));
                    load.queued += u64::from(queued);
                    load.most = load.most.max(tasks);
                    Some(tasks)
                }
            };
            let is_in = |end: Option<u32>| match (tasks, end) {
                (Some(tasks), Some(end)) => tasks <= end,
                (None, None) => true,
                _ => false,
            };
            if let Some(range) = RANGES.iter().position(|(_, end)| is_in(*end)) {
                load.by_tasks[range] += 1;
            }
        }
        load
    }
}

impl Reading {
    pub(super) fn of(control: &Control, now: Timestamp) -> Self {
        let status = control.status();
        Self {
            manager: control.manager().to_string(),
            kind: control.info().map_or("", |info| info.name),
            place: control.place(),
            is_ready: why_not_ready(control).is_none(),
            load: LoadReading::of(&status.units),
            status,
            figures: control.figures(),
            calls: control.calls(),
            cost: control.cost(),
            now,
        }
    }
}
