//! What a manager tells: its status, and what is worth knowing once.

use std::{sync::Arc, time::Duration};

use tracing::warn;

use super::{Manager, Status, UnitStatus};
use crate::{Tier, Timestamp, UnitState, plan::UnitView};

/// Where there is a monitor, it is heard within so long.
const LOAD_SHOWS: Duration = Duration::from_secs(5);

impl Manager {
    /// Says once what else spreads work, where it cannot be taken back from a loaded unit.
    pub(super) fn say_if_work_cannot_be_spread(&mut self, now: Timestamp) {
        let Some(up_since) = self.up_since.filter(|_| self.settings.rebalances && !self.is_spreading_said) else {
            return;
        };
        let why = if !self.provider.info().relieves {
            "workers of this release cannot be asked to hand work back"
        } else if self.load.live_since.is_none() && now.since(up_since) >= LOAD_SHOWS {
            "who is busy is not known"
        } else {
            return;
        };
        self.is_spreading_said = true;
        warn!(
            why,
            "work is not spread anew when one worker holds most of it: a smaller per_worker_task_queue_size spreads it from \
             the start, but nested tasks then wait for ever once every queue is full of tasks that wait for them"
        );
    }

    pub(super) fn publish(&self, views: &[UnitView]) {
        if self.status.receiver_count() == 0 {
            return;
        }
        let status = Status {
            is_linked: self.up_since.is_some(),
            desired: self.desired,
            target: self.target,
            units: views.iter().filter_map(|view| self.unit_status(view)).collect(),
            running: u32::try_from(self.fleet.running()).unwrap_or(u32::MAX),
            open: self.launches.outstanding(&self.fleet),
            is_failing: self.is_failing(),
        };
        self.status.send_if_modified(|last| {
            let is_new = **last != status;
            if is_new {
                *last = Arc::new(status);
            }
            is_new
        });
    }

    fn is_failing(&self) -> bool {
        let now = self.clock.now();
        let tiers = &self.provider.info().tiers;
        let is_empty = |tier: &Tier| self.tiers.get(tier).is_some_and(|available_from| *available_from > now);
        self.backoff.failures() > 0
            || self.launches.is_in_trouble()
            // None has reached the scheduler since.
            || self.never_ready == Some(self.fleet.ever_connected())
            || tiers.iter().all(is_empty)
    }

    fn unit_status(&self, view: &UnitView) -> Option<UnitStatus> {
        let &UnitView { phase, work, drain, .. } = view;
        let unit = self.fleet.unit(&view.id)?;
        let (is_up, workers) = (unit.state != UnitState::Starting, unit.workers.clone());
        Some(UnitStatus { id: view.id.clone(), phase, work, drain, is_up, workers })
    }
}
