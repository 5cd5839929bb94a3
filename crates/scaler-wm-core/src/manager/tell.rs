//! What a manager tells: its status, and what is worth knowing once.

use std::{sync::Arc, time::Duration};

use tracing::warn;

use super::{Hold, Manager, Stage, Status, UnitStatus};
use crate::{
    Tier, Timestamp, UnitState,
    control::{Decision, Happening, effects, wish_in_words},
    plan::{Plan, UnitView},
};

/// Where there is a monitor, it is heard within so long.
const LOAD_SHOWS: Duration = Duration::from_secs(5);

impl Manager {
    /// Says once what else spreads work, where it cannot be taken back from a loaded unit.
    pub(super) fn say_if_work_cannot_be_spread(&mut self, now: Timestamp) {
        let Some(up_since) = self.wants.up_since.filter(|_| self.settings.rebalances && !self.is_spreading_said) else {
            return;
        };
        let why = if !self.provider.info().relieves {
            "its workers cannot be asked to hand work back"
        } else if self.wants.load.live_since.is_none() && now.since(up_since) >= LOAD_SHOWS {
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

    /// Keeps what was decided, for whoever asks why.
    pub(super) fn decided(&self, made: &Plan, views: &[UnitView], now: Timestamp) {
        // The words are those of the status; units do not matter to them.
        let status = Status { target: made.target, ..self.status_without_units(now) };
        self.seat.decided(Decision {
            at: now,
            cause: wish_in_words(&status),
            desired: self.wants.desired,
            target: made.target,
            units: u32::try_from(views.len()).unwrap_or(u32::MAX),
            open: status.open,
            effects: effects(&made.actions),
        });
    }

    pub(super) fn publish(&self, views: &[UnitView]) {
        let now = self.clock.now();
        for (unit, after) in self.fleet.newly_ready() {
            self.happened(Happening::UnitReady { unit: unit.clone(), after: *after }, now);
            self.seat.meters().note(|figures| figures.ready.add(*after));
        }
        if self.seat.status.receiver_count() == 0 {
            return;
        }
        let mut status = self.status_without_units(now);
        status.units = views.iter().filter_map(|view| self.unit_status(view)).collect();
        let lag = status.link.lag.take();
        self.seat.meters().note(|figures| figures.heartbeat_lag = lag);
        self.seat.status.send_if_modified(|last| {
            let is_new = **last != status;
            if is_new {
                *last = Arc::new(status);
            }
            is_new
        });
    }

    fn status_without_units(&self, now: Timestamp) -> Status {
        let hold = || Hold {
            until: self.retries.not_before(),
            failures: self.retries.failures(),
            reason: self.trouble.last().to_owned(),
        };
        let resting = self.retries.resting(now);
        Status {
            stage: match self.ending {
                Some(_) => Stage::Ending(self.summary.reason.clone()),
                None => Stage::Running,
            },
            is_linked: self.wants.up_since.is_some(),
            link: self.link.facts(),
            has_looked: self.recalled.is_none(),
            wish: self.wants.wish.clone(),
            wanted: self.wants.wanted,
            desired: self.wants.desired,
            target: self.target,
            cooldown_until: self.cooldown_until.filter(|until| *until > now),
            most: self.settings.sizing.max_units,
            per_unit: self.settings.sizing.per_unit,
            bounds: self.wants.bounds,
            is_draining: self.wants.is_draining,
            hold: (self.retries.not_before() > now).then(hold),
            resting: resting.map(|(tier, until)| (tier.clone(), until)).collect(),
            is_refused_by_budget: self.purse.is_refused(),
            units: Vec::new(),
            running: u32::try_from(self.fleet.running()).unwrap_or(u32::MAX),
            open: self.launches.outstanding(&self.fleet),
            is_failing: self.is_failing(),
        }
    }

    fn is_failing(&self) -> bool {
        let now = self.clock.now();
        let tiers = &self.provider.info().tiers;
        let is_empty = |tier: &Tier| self.retries.available_from(tier) > now;
        self.retries.failures() > 0
            || self.launches.is_in_trouble()
            // None has reached the scheduler since.
            || self.never_ready == Some(self.fleet.ever_connected())
            || tiers.iter().all(is_empty)
    }

    fn unit_status(&self, view: &UnitView) -> Option<UnitStatus> {
        let &UnitView { phase, work, drain, since, .. } = view;
        let unit = self.fleet.unit(&view.id)?;
        let (is_up, workers) = (unit.state != UnitState::Starting, unit.workers.clone());
        let (id, launch, tier) = (view.id.clone(), unit.launch.clone(), unit.tier.clone());
        Some(UnitStatus { id, launch, tier, since, phase, work, drain, is_up, workers })
    }
}
