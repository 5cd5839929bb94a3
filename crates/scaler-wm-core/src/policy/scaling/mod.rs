//! Scaling: how much is asked of each manager.

mod capability;
mod no;
mod target_wait;
mod vanilla;
mod waterfall_v1;
mod waterfall_v2;

use std::fmt;

pub(super) use capability::CapabilityScaling;
pub(super) use no::NoScaling;
pub(super) use target_wait::TargetWait;
pub(super) use vanilla::Vanilla;
pub(super) use waterfall_v1::{Rule, WaterfallV1};
pub(super) use waterfall_v2::{Budget, PricedRule, WaterfallV2};

use super::{Facts, Offer, Verdict};
use crate::{Capabilities, ManagerId};

/// A scaling policy: a pure function of the facts.
pub trait Scaling: fmt::Debug + Send + Sync {
    /// What is asked of `manager`, which is connected and offers `offer`.
    fn decide(&self, facts: &Facts, manager: &ManagerId, offer: &Offer) -> Verdict;
}

/// One worker for `per_worker` tasks, rounded up: at least one where there is a task.
const fn share(tasks: u64, per_worker: u64) -> u64 {
    tasks.div_ceil(per_worker)
}

/// The names of `needs` as the manager has them: it serves only what it has in the same quantity.
fn as_offered(needs: &Capabilities, offer: &Offer) -> Capabilities {
    needs.iter().filter_map(|(name, _)| Some((name, offer.capabilities.get(name)?))).collect()
}
