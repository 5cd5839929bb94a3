//! What came of it.

use serde::Serialize;

use crate::workload::float;

/// So many points of a course are kept at most.
const POINTS: usize = 1_024;

/// What one policy made of a workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The policy.
    pub policy: String,
    /// Tasks that were submitted.
    pub submitted: u64,
    /// Tasks that ended.
    pub completed: u64,
    /// Tasks that had to run again, since their worker was ended.
    pub repeated: u64,
    /// Seconds from the first task's arrival to the last one's end.
    pub makespan_seconds: f64,
    /// Seconds that a task waited before it ran: half of them no longer.
    pub wait_p50_seconds: f64,
    /// 95 % of them no longer.
    pub wait_p95_seconds: f64,
    /// 99 % of them no longer.
    pub wait_p99_seconds: f64,
    /// Hours of all workers, from launch to end.
    pub worker_hours: f64,
    /// Part of these in which no task ran, 0 to 1.
    pub idle_share: f64,
    /// What all units cost.
    pub cost: f64,
    /// The most that an hour of all units that were there at once costs.
    pub peak_cost_per_hour: f64,
    /// Units that were launched.
    pub launches: u64,
    /// How often the number of wanted workers went up after it had gone down, or down after it had gone up.
    pub direction_changes: u64,
    /// The most workers at once.
    pub peak_workers: u64,
    /// Whether it was ended since the time was over.
    pub is_cut_off: bool,
    /// How it went over time.
    #[serde(skip)]
    pub course: Vec<Point>,
}

/// How things stood at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Seconds since the beginning.
    pub at: f64,
    /// Tasks that wait.
    pub waiting: u64,
    /// Workers wanted, of all managers.
    pub wanted: u64,
    /// Workers there.
    pub workers: u64,
    /// What all has cost so far.
    pub cost: f64,
}

/// Points at equal distances; when there are too many, every other one goes.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    points: Vec<Point>,
    every: u64,
    next: u64,
}

impl Course {
    /// One point each second to begin with.
    pub(crate) const fn new() -> Self {
        Self { points: Vec::new(), every: 1_000, next: 0 }
    }

    /// When the next point is due, in milliseconds.
    pub(crate) const fn due(&self) -> u64 {
        self.next
    }

    pub(crate) fn add(&mut self, point: Point) {
        self.points.push(point);
        if self.points.len() >= POINTS {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.every *= 2;
        }
        self.next += self.every;
    }

    pub(crate) fn points(self) -> Vec<Point> {
        self.points
    }
}

/// Counts how often something changes its direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Direction {
    last: u64,
    was_up: Option<bool>,
    pub(crate) changes: u64,
}

impl Direction {
    pub(crate) fn now(&mut self, value: u64) {
        if value == self.last {
            return;
        }
        let is_up = value > self.last;
        self.changes += u64::from(self.was_up.is_some_and(|was_up| was_up != is_up));
        (self.last, self.was_up) = (value, Some(is_up));
    }

    pub(crate) const fn last(&self) -> u64 {
        self.last
    }
}

/// The value that so many percent are not above, of values in ascending order; 0 of none. In seconds, of milliseconds.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |millis| float(u64::from(*millis)) / 1e3)
}
