//! Scaling: how much is asked of each manager.

mod capability;
mod no;
mod target_wait;
mod vanilla;
mod waterfall_v1;
mod waterfall_v2;

use std::{cmp::Reverse, fmt};

pub(super) use capability::CapabilityScaling;
pub(super) use no::NoScaling;
pub(super) use target_wait::TargetWait;
pub(super) use vanilla::Vanilla;
pub(super) use waterfall_v1::{Rule, WaterfallV1};
pub(super) use waterfall_v2::{PricedRule, WaterfallV2};

use super::{Facts, Need, Offer, Verdict};
use crate::{Capabilities, Limit, ManagerId};

/// A scaling policy: a pure function of the facts.
pub trait Scaling: fmt::Debug + Send + Sync {
    /// What is asked of `manager`, which is connected and offers `offer`.
    fn decide(&self, facts: &Facts, manager: &ManagerId, offer: &Offer) -> Verdict;
}

/// One worker for `per_worker` tasks, rounded up: at least one where there is a task.
const fn share(tasks: u64, per_worker: u64) -> u64 {
    tasks.div_ceil(per_worker)
}

/// What tasks need, what few managers can do first: so that no task counts twice, the others take what is left.
fn special_first(facts: &Facts) -> Vec<Need<'_>> {
    let mut needs = facts.demand().needs();
    needs.sort_by_key(|need| Reverse(need.capabilities.iter().count()));
    needs
}

/// The most task concurrency that a manager may run.
fn most(offer: &Offer) -> u64 {
    match offer.max_task_concurrency {
        Limit::Unlimited => u64::MAX,
        Limit::AtMost(limit) => u64::from(limit),
    }
}

/// The names of `needs` as the manager has them: it serves only what it has in the same quantity.
fn as_offered(needs: &Capabilities, offer: &Offer) -> Capabilities {
    needs.iter().filter_map(|(name, _)| Some((name, offer.capabilities.get(name)?))).collect()
}
