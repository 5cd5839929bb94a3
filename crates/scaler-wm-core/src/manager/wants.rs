//! What is wanted, and what is there.

use super::Manager;
use crate::{Limit, Load, Timestamp, Wish, control::Bounds};

/// What others want of a manager, and what they have said about its units.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub(super) wish: Option<Wish>,
    pub(super) load: Load,
    /// Since when the scheduler has answered without a break.
    pub(super) up_since: Option<Timestamp>,
    /// Units that a wish of the kind [`Wish::Once`] has brought so far.
    pub(super) started_once: u32,
    /// What an operator has set.
    pub(super) bounds: Option<Bounds>,
    /// Whether an operator lets every unit go.
    pub(super) is_draining: bool,
    /// Units that the scheduler wants, without an operator's word.
    pub(super) wanted: Option<u32>,
    /// Units that are wanted, with it.
    pub(super) desired: Option<u32>,
}

impl Wants {
    /// What an operator makes of what the scheduler wants.
    fn bounded(&self, wanted: u32, most: Limit) -> u32 {
        match (self.is_draining, self.bounds) {
            (true, _) => 0,
            (false, Some(bounds)) => most.cap(bounds.apply(wanted)),
            (false, None) => wanted,
        }
    }

    /// Since when we would know of every worker that reaches the scheduler.
    pub(super) fn knows_since(&self) -> Option<Timestamp> {
        Some(self.up_since?.max(self.load.live_since?))
    }
}

impl Manager {
    /// Units that are there, and those that open launches may still bring.
    pub(super) fn present(&self) -> u32 {
        self.fleet.len().saturating_add(self.launches.outstanding(&self.fleet))
    }

    /// Looks anew at what is wanted.
    pub(super) fn want(&mut self) {
        self.wants.wanted = self.wanted_now();
        let most = self.settings.sizing.max_units;
        self.wants.desired = self.wants.wanted.map(|wanted| self.wants.bounded(wanted, most));
    }

    /// Units wanted now, within the limit.
    fn wanted_now(&self) -> Option<u32> {
        self.wants.up_since?;
        // What an earlier process has left is not known before the first look.
        if self.recalled.is_some() {
            return None;
        }
        match self.wants.wish.as_ref()? {
            Wish::Follow(requests) | Wish::Spare(requests) => Some(self.settings.sizing.target(requests)),
            Wish::Once(concurrency) => {
                // What is there, and what has not been started yet: nothing is replaced, nothing is surplus.
                let missing = self.settings.sizing.units(*concurrency).saturating_sub(self.wants.started_once);
                Some(self.fleet.len().saturating_add(missing))
            }
        }
    }
}
