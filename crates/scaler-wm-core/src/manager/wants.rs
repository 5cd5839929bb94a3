//! What is wanted, and what is there.

use super::Manager;
use crate::{Timestamp, Wish};

impl Manager {
    /// Units that are there, and those that open launches may still bring.
    pub(super) fn present(&self) -> u32 {
        self.fleet.len().saturating_add(self.launches.outstanding(&self.fleet))
    }

    /// What an operator makes of what is wanted.
    pub(super) fn bounded(&self, wanted: u32) -> u32 {
        match (self.is_draining, self.bounds) {
            (true, _) => 0,
            (false, Some(bounds)) => self.settings.sizing.max_units.cap(bounds.apply(wanted)),
            (false, None) => wanted,
        }
    }

    /// Units wanted now, within the limit.
    pub(super) fn wanted_now(&self) -> Option<u32> {
        self.up_since?;
        // What an earlier process has left is not known before the first look.
        if self.recalled.is_some() {
            return None;
        }
        match self.wish.as_ref()? {
            Wish::Follow(requests) | Wish::Spare(requests) => Some(self.settings.sizing.target(requests)),
            Wish::Once(concurrency) => {
                // What is there, and what has not been started yet: nothing is replaced, nothing is surplus.
                let missing = self.settings.sizing.units(*concurrency).saturating_sub(self.started_once);
                Some(self.fleet.len().saturating_add(missing))
            }
        }
    }

    /// Since when we would know of every worker that reaches the scheduler.
    pub(super) fn knows_since(&self) -> Option<Timestamp> {
        Some(self.up_since?.max(self.load.live_since?))
    }
}
