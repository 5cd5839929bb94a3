//! `scaling=vanilla`: by the number of tasks per worker, one more at a time.

use super::{Facts, Offer, Scaling, Verdict, share};
use crate::{
    Capabilities, ManagerId,
    policy::{Cap, Part, Reason},
};

/// More tasks per worker than this: one worker more.
const ABOVE: u64 = 10;
/// Fewer tasks per worker than this: one worker for [`ABOVE`] tasks.
const BELOW: u64 = 1;

/// Follows the ratio of all tasks to all workers, whatever they can do.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Vanilla;

impl Scaling for Vanilla {
    fn decide(&self, facts: &Facts, manager: &ManagerId, offer: &Offer) -> Verdict {
        let (tasks, workers, connected) = (facts.demand().total(), facts.workers(), facts.connected(manager));
        let (reason, wanted) = rule(tasks, workers, connected);
        Verdict::Asks(vec![Part {
            capabilities: Capabilities::default(),
            demand: tasks,
            reason,
            wanted,
            passed: Vec::new(),
            cap: Cap::of(offer.max_task_concurrency),
        }])
    }
}

fn rule(tasks: u64, workers: u64, connected: u64) -> (Reason, u64) {
    #[expect(clippy::cast_precision_loss, reason = "for people; decisions are made in whole numbers")]
    let ratio = tasks as f64 / workers as f64;
    match (tasks, workers) {
        (0, 0) => (Reason::NoTasks, connected),
        (_, 0) => (Reason::NoWorkers, connected + 1),
        (0, _) => (Reason::NoTasks, 0),
        _ if tasks > ABOVE.saturating_mul(workers) => (Reason::Backlog { ratio, above: ABOVE }, connected + 1),
        _ if tasks < BELOW.saturating_mul(workers) => {
            (Reason::Slack { ratio, below: BELOW, per_worker: ABOVE }, share(tasks, ABOVE))
        }
        _ => (Reason::Steady { ratio }, connected),
    }
}
