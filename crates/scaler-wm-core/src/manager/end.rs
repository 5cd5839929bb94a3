//! The end of a manager: when it is over, and what is left then.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{info, warn};

use super::{Manager, Summary, outcome::Outcome, recall::Recalled};
use crate::{Chain, Error, ErrorKind, Result, UnitId, Wish, control::Happening};

/// Units that were ended at the deadline get this long to go before the manager ends without them.
pub(super) const LAST_WORD: Duration = Duration::from_secs(5);
/// Calls that end units and are under way then get this long.
pub(super) const LAST_CALLS: Duration = Duration::from_secs(30);

impl Manager {
    /// From here on units only go.
    pub(super) fn end(&mut self, reason: &str) {
        if self.ending.is_some() {
            return;
        }
        let within = self.settings.stop_timeout;
        info!(manager = %self.settings.manager, %reason, within_seconds = within.as_secs_f64(), "ending: units hand back");
        reason.clone_into(&mut self.summary.reason);
        self.happened(Happening::Ending(reason.to_owned()), self.clock.now());
        self.ending = Some(self.clock.now() + within);
    }

    pub(super) fn is_done(&self) -> bool {
        if self.is_leaving_them {
            return true;
        }
        match self.ending {
            Some(until) => {
                // What an earlier process has left is seen first, and goes as well.
                let has_seen = self.recalled.as_ref().is_none_or(Recalled::is_empty);
                let is_over = has_seen && self.launches.is_empty() && self.staying().next().is_none();
                let now = self.clock.now();
                // Calls that go out at a pace, or slowly, may still end what is left.
                let last = if self.fleet.is_ending() { until + LAST_CALLS } else { until + LAST_WORD };
                is_over || now >= last
            }
            None => self.is_once_over(),
        }
    }

    /// Units that would still be there after the end of this process.
    fn staying(&self) -> impl Iterator<Item = &UnitId> {
        self.fleet.staying(self.provider.info().ends_by_itself)
    }

    /// Whether a wish of the kind [`Wish::Once`] has been fulfilled and has run its course.
    fn is_once_over(&self) -> bool {
        let Some(Wish::Once(concurrency)) = self.wants.wish else { return false };
        self.wants.started_once >= self.settings.sizing.units(concurrency)
            && self.fleet.is_empty()
            && self.launches.is_empty()
    }

    pub(super) async fn finish(mut self) -> Result<Summary> {
        if self.is_leaving_them {
            let late = || Error::new(ErrorKind::Transient, "let go of the units", "it took too long");
            let left = timeout(LAST_WORD, self.provider.leave()).await.unwrap_or_else(|_| Err(late()));
            if let Err(error) = left {
                warn!(error = %Chain(&error), "not all that was to stay may do so");
            }
            self.summary.kept = self.fleet.ids().chain(self.unseen()).cloned().collect();
            self.purse.count(self.present(), self.clock.now());
            return Ok(self.summary);
        }
        if self.ending.is_none() {
            "all units have ended".clone_into(&mut self.summary.reason);
        }
        // Nobody waits for units to go that nobody could end.
        let patience = if self.staying().next().is_none() { self.provider.info().swept_within } else { LAST_WORD };
        let late = || Error::new(ErrorKind::Transient, "remove what was made for the units", "it took too long");
        let swept = timeout(patience, self.provider.sweep()).await.unwrap_or_else(|_| Err(late()));
        // What the sweep ended is not left behind. Whoever waits for our end is told what stays, even when nobody answers.
        let asked_at = self.clock.now();
        if let Ok(Ok(observed)) = timeout(LAST_WORD, self.provider.observe(&[])).await {
            self.settle(Outcome::Observed { asked_at, observed: Ok(observed) });
        }
        self.summary.left_behind = self.staying().chain(self.unseen()).cloned().collect();
        self.summary.unsettled = self.launches.ids().cloned().collect();
        self.purse.count(self.present(), self.clock.now());
        match (self.trouble.take_fatal(), swept) {
            (Some(error), _) => Err(error),
            // What they hold stays with them: they are what there is to tell.
            (None, Err(error)) if !self.summary.left_behind.is_empty() => {
                warn!(error = %Chain(&error), "not all that was made for the units could be removed");
                Ok(self.summary)
            }
            (None, swept) => swept.map(|()| self.summary),
        }
    }
}
