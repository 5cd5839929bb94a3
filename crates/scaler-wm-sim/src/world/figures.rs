//! What is counted and measured on the way.

use scaler_wm_core::UnitId;

use super::{ManagerState, Millis, World};
use crate::{
    Outcome, Point,
    metrics::{Course, Direction, percentile},
    workload::float,
};

#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) submitted: u64,
    pub(super) completed: u64,
    pub(super) repeated: u64,
    pub(super) first: Option<Millis>,
    pub(super) last: Millis,
    pub(super) waits: Vec<u32>,
    pub(super) worker_millis: u64,
    pub(super) busy_millis: u64,
    pub(super) cost: f64,
    pub(super) peak_cost_per_hour: f64,
    pub(super) launches: u64,
    pub(super) wanted: Direction,
    pub(super) connected: u64,
    pub(super) running: u64,
    pub(super) peak: u64,
    pub(super) course: Course,
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            submitted: 0,
            completed: 0,
            repeated: 0,
            first: None,
            last: 0,
            waits: Vec::new(),
            worker_millis: 0,
            busy_millis: 0,
            cost: 0.0,
            peak_cost_per_hour: 0.0,
            launches: 0,
            wanted: Direction::default(),
            connected: 0,
            running: 0,
            peak: 0,
            course: Course::new(),
        }
    }
}

impl World {
    /// Units have come: what an hour of all costs.
    pub(super) fn note_cost_per_hour(&mut self) {
        let of = |manager: &ManagerState| float(manager.units.len() as u64) * manager.config.price_per_unit_hour;
        let cost = self.managers.iter().map(of).sum();
        self.metrics.peak_cost_per_hour = self.metrics.peak_cost_per_hour.max(cost);
    }

    /// Takes down how things stood, at every instant that is due until then.
    pub(super) fn sample_until(&mut self, until: Millis) {
        while self.metrics.course.due() <= until {
            let at = self.metrics.course.due();
            let point = Point {
                at: float(at) / 1e3,
                waiting: self.tasks.len() as u64 - self.metrics.running,
                wanted: self.metrics.wanted.last(),
                workers: self.metrics.connected,
                cost: self.metrics.cost + self.cost_of_units(at),
            };
            self.metrics.course.add(point);
        }
    }

    fn cost_of_units(&self, at: Millis) -> f64 {
        let cost = |manager: &ManagerState| -> f64 {
            let millis: u64 = manager.units.values().map(|unit| at.saturating_sub(unit.launched)).sum();
            float(millis) / 3.6e6 * manager.config.price_per_unit_hour
        };
        self.managers.iter().map(cost).sum()
    }

    /// What came of it all.
    pub(crate) fn outcome(mut self, policy: &str, is_cut_off: bool) -> Outcome {
        let still: Vec<(usize, UnitId)> = (0..self.managers.len())
            .flat_map(|manager| self.managers[manager].units.keys().map(move |unit| (manager, unit.clone())))
            .collect();
        for (manager, unit) in still {
            self.end(manager, &unit);
        }
        let metrics = self.metrics;
        let mut waits = metrics.waits;
        waits.sort_unstable();
        let idle = metrics.worker_millis.saturating_sub(metrics.busy_millis);
        Outcome {
            policy: policy.to_owned(),
            submitted: metrics.submitted,
            completed: metrics.completed,
            repeated: metrics.repeated,
            makespan_seconds: float(metrics.last.saturating_sub(metrics.first.unwrap_or_default())) / 1e3,
            wait_p50_seconds: percentile(&waits, 50),
            wait_p95_seconds: percentile(&waits, 95),
            wait_p99_seconds: percentile(&waits, 99),
            worker_hours: float(metrics.worker_millis) / 3.6e6,
            idle_share: if metrics.worker_millis == 0 { 0.0 } else { float(idle) / float(metrics.worker_millis) },
            cost: metrics.cost,
            peak_cost_per_hour: metrics.peak_cost_per_hour,
            launches: metrics.launches,
            direction_changes: metrics.wanted.changes,
            peak_workers: metrics.peak,
            is_cut_off,
            course: metrics.course.points(),
        }
    }
}
