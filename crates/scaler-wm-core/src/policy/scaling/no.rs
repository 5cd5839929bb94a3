//! `scaling=no`: nothing is asked of anybody.

use super::{Facts, Offer, Scaling, Verdict};
use crate::{ManagerId, policy::Silence};

/// Asks nothing of anybody.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct NoScaling;

impl Scaling for NoScaling {
    fn decide(&self, _: &Facts, _: &ManagerId, _: &Offer) -> Verdict {
        Verdict::Silent(Silence::NeverAsks)
    }
}
