//! `scaling=capability`: for each set of capabilities that tasks need, one worker for five of them.

use super::{Facts, Offer, Scaling, Verdict, share};
use crate::{
    ManagerId,
    policy::{Cap, Need, Part, Reason},
};

/// Tasks that one worker is to have.
const PER_WORKER: u64 = 5;

/// Asks every manager for everything; each serves what it can.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct CapabilityScaling;

impl Scaling for CapabilityScaling {
    fn decide(&self, facts: &Facts, _: &ManagerId, offer: &Offer) -> Verdict {
        let needs = facts.demand().needs();
        let part = |need: &Need<'_>| Part {
            capabilities: need.capabilities.clone(),
            demand: need.tasks,
            reason: Reason::Share { per_worker: PER_WORKER },
            wanted: share(need.tasks, PER_WORKER),
            passed: Vec::new(),
            cap: Cap::of(offer.max_task_concurrency),
        };
        Verdict::Asks(needs.iter().map(part).collect())
    }
}
