//! From a wish in task concurrency to a number of units.

use std::num::NonZeroU32;

use crate::{Capabilities, ProviderInfo, Request};

/// The most task concurrency that a manager may run; users write -1 for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// No limit of ours.
    Unlimited,
    /// At most this much.
    AtMost(u32),
}

impl Limit {
    /// The smaller of `count` and this limit.
    #[must_use]
    pub const fn cap(self, count: u32) -> u32 {
        match self {
            Self::AtMost(limit) if limit < count => limit,
            _ => count,
        }
    }

    /// The stricter of both.
    #[must_use]
    pub const fn min(self, other: Self) -> Self {
        match (self, other) {
            (Self::AtMost(one), _) => Self::AtMost(other.cap(one)),
            (Self::Unlimited, _) => other,
        }
    }
}

/// What a manager serves, and how its units count.
#[derive(Clone, Debug)]
pub struct Sizing {
    /// The most units that may exist.
    pub max_units: Limit,
    /// Task concurrency of one unit.
    pub per_unit: NonZeroU32,
    /// What every worker of this manager can do.
    pub capabilities: Capabilities,
}

impl Sizing {
    /// The sizing of a manager that may run `max_task_concurrency` on units of the kind that `info` describes.
    ///
    /// A unit holds its workers whole, so the limit in units is rounded up, as the released managers do.
    #[must_use]
    pub fn new(max_task_concurrency: Limit, info: &ProviderInfo, capabilities: Capabilities) -> Self {
        let per_unit = info.concurrency_per_unit();
        let max_units = match max_task_concurrency {
            Limit::Unlimited => Limit::Unlimited,
            Limit::AtMost(concurrency) => Limit::AtMost(concurrency.div_ceil(per_unit.get())),
        };
        let max_units = max_units.min(info.most_units);
        Self { max_units, per_unit, capabilities }
    }

    /// The task concurrency that this manager offers in its heartbeats.
    ///
    /// No limit goes out as the largest number there is: a product of -1 would be read as a small or huge one.
    #[must_use]
    pub const fn offered(&self) -> u32 {
        self.max_units.cap(u32::MAX).saturating_mul(self.per_unit.get())
    }

    /// The units that `task_concurrency` needs, within the limit.
    #[must_use]
    pub const fn units(&self, task_concurrency: u32) -> u32 {
        self.max_units.cap(task_concurrency.div_ceil(self.per_unit.get()))
    }

    /// The units that these requests want of this manager: the sum of those it can serve, no match is 0.
    #[must_use]
    pub fn target(&self, requests: &[Request]) -> u32 {
        let wanted = requests
            .iter()
            .filter(|request| request.capabilities.is_subset_of(&self.capabilities))
            .fold(0_u32, |sum, request| sum.saturating_add(request.task_concurrency));
        self.units(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizing(max_units: Limit, per_unit: u32, capabilities: &str) -> Sizing {
        Sizing { max_units, per_unit: per_unit.try_into().unwrap(), capabilities: capabilities.parse().unwrap() }
    }

    fn request(task_concurrency: u32, capabilities: &str) -> Request {
        Request { task_concurrency, capabilities: capabilities.parse().unwrap() }
    }

    #[test]
    fn sums_the_requests_that_it_can_serve() {
        let sizing = sizing(Limit::AtMost(100), 1, "linux,gpu=2");
        let requests = [request(1, ""), request(2, "gpu=2"), request(4, "gpu"), request(8, "linux,gpu=2")];
        assert_eq!(sizing.target(&requests), 11);
        assert_eq!(sizing.target(&[]), 0);
        assert_eq!(sizing.target(&[request(3, "windows")]), 0);
    }

    #[test]
    fn rounds_up_to_whole_units_within_the_limit() {
        let sizing = sizing(Limit::AtMost(3), 4, "");
        assert_eq!([0, 1, 4, 5, 12, 13, u32::MAX].map(|workers| sizing.units(workers)), [0, 1, 1, 2, 3, 3, 3]);
        assert_eq!(sizing.offered(), 12);
    }

    #[test]
    fn the_stricter_limit_holds() {
        let [none, two, nine] = [Limit::Unlimited, Limit::AtMost(2), Limit::AtMost(9)];
        assert_eq!([two.min(nine), nine.min(two), none.min(two), two.min(none)], [two; 4]);
        assert_eq!(none.min(none), none);
    }

    #[test]
    fn no_limit_is_offered_as_the_largest_number() {
        let sizing = sizing(Limit::Unlimited, 4, "");
        assert_eq!(sizing.offered(), u32::MAX);
        assert_eq!(sizing.target(&[request(u32::MAX, ""), request(u32::MAX, "")]), u32::MAX / 4 + 1);
    }
}
