//! Taking work back from a unit that holds more than its share while others are idle.
//!
//! The released scheduler gives the first worker that connects everything that waits, and while tasks end it takes little
//! or nothing of it back. What helps: one unit more, the spare, which is idle beside the others; then the loaded one
//! hands its queue back and leaves, and the scheduler spreads the queue over all that are there. Without the spare its
//! own replacement would be the next idle one, and the work would go round and round.

use std::time::Duration;

use super::{Cause, Drain, Phase, Situation, UnitView, Work, decide::Draft};
use crate::{Limit, Stop, Timestamp, UnitId};

/// Load must be uneven for so long before anything is done about it.
const HYSTERESIS: Duration = Duration::from_millis(300);
/// As long as no task has ended, the scheduler's own balancing has its turn.
const LONG_TASK: Duration = Duration::from_secs(3);
/// What a queue must last at least, at the pace seen, for its unit to be relieved of it.
const WORTH_IT: Duration = Duration::from_secs(1);
/// No second time so soon after a unit was relieved: loads must settle.
const PAUSE: Duration = Duration::from_secs(2);
/// No second try so soon after one that came to nothing.
const LONG_PAUSE: Duration = Duration::from_secs(10);
/// How long the launch of the spare may be on its way without being seen.
const LAUNCH_SHOWS: Duration = Duration::from_secs(1);

/// Where taking work back stands. It changes by [`super::plan`] alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebalance {
    step: Step,
    /// What was wanted when the spare was launched. Some policies want one more than is connected, the spare included:
    /// such a wish is our own echo.
    wanted_before: Option<u32>,
    /// How many units were aimed at when the spare was launched.
    beside: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing before this instant.
    Quiet { until: Timestamp },
    /// This unit holds more than its share.
    Suspecting { unit: UnitId, tasks: u32, since: Timestamp },
    /// The spare was launched.
    Spare { since: Timestamp },
    /// This unit is asked, or hands back.
    Relieving { unit: UnitId },
    /// The spare is not needed: it goes as soon as it is idle.
    Dropping,
}

impl Default for Step {
    fn default() -> Self {
        Self::Quiet { until: Timestamp::default() }
    }
}

/// A unit that holds more than its share.
struct Loaded<'a> {
    unit: &'a UnitView,
    queued: u32,
    tasks: u32,
    idle: u32,
}

impl Rebalance {
    /// What is wanted, our own echo left out.
    pub(super) fn heard(&self, desired: u32) -> u32 {
        match self.wanted_before {
            Some(before) if before.checked_add(1) == Some(desired) => before,
            _ => desired,
        }
    }

    /// How many of `there` units are beyond what is wanted by our own doing.
    pub(super) fn extra(&self, there: u32, wanted: u32, units: &[UnitView]) -> u32 {
        let has_spare = match &self.step {
            Step::Quiet { .. } | Step::Suspecting { .. } => false,
            Step::Spare { .. } | Step::Dropping => true,
            Step::Relieving { unit } => {
                units.iter().any(|view| view.id == *unit && (view.is_active() || view.is_pending()))
            }
        };
        u32::from(has_spare && there > wanted)
    }

    /// Whether fewer units are aimed at than the spare was launched beside: then it saves none of them.
    pub(super) const fn is_outdated(&self, aim: u32) -> bool {
        aim < self.beside
    }

    /// The unit whose hand-back is under way.
    pub(super) fn relieved(&self) -> Option<&UnitId> {
        match &self.step {
            Step::Relieving { unit } => Some(unit),
            _ => None,
        }
    }
}

impl<'a> Draft<'a> {
    /// One step further. `aim` units are aimed at, `active` are there to stay, the spare included.
    pub(super) fn rebalance(&mut self, situation: &Situation<'a>, aim: u32, active: u32) -> Rebalance {
        if !situation.limits.relieves {
            return Rebalance::default();
        }
        let now = self.now;
        let memory = situation.rebalance;
        let quiet =
            |pause| (Step::Quiet { until: now + pause }, memory.wanted_before.filter(|_| pause > Duration::ZERO));
        let are_settled = || situation.open == 0 && situation.units.iter().all(is_settled);
        let mut beside = memory.beside;
        let (step, wanted_before) = match &memory.step {
            Step::Quiet { until } if *until > now => {
                self.wake(Some(*until));
                return memory.clone();
            }
            Step::Quiet { .. } => match loaded(situation.units, 1).filter(|_| active == aim && are_settled()) {
                Some(Loaded { unit, tasks, .. }) => {
                    self.wake(Some(now + HYSTERESIS));
                    (Step::Suspecting { unit: unit.id.clone(), tasks, since: now }, None)
                }
                None => return Rebalance { wanted_before: None, ..memory.clone() },
            },
            Step::Suspecting { unit, tasks, since } => {
                let found = loaded(situation.units, 1).filter(|loaded| loaded.unit.id == *unit);
                match found.filter(|_| active == aim && are_settled()) {
                    Some(loaded) => match verdict(&loaded, *tasks, now.since(*since)) {
                        Verdict::NotYet(wait) => {
                            self.wake(Some(*since + wait));
                            return memory.clone();
                        }
                        Verdict::SoonDone => quiet(WORTH_IT),
                        Verdict::WorthIt if self.launch_spare(&loaded, situation) => {
                            self.wake(Some(now + LAUNCH_SHOWS));
                            beside = aim;
                            (Step::Spare { since: now }, situation.desired)
                        }
                        Verdict::WorthIt => quiet(LONG_PAUSE),
                    },
                    None => quiet(Duration::ZERO),
                }
            }
            Step::Spare { since } => match active.checked_sub(aim) {
                // It is there: is there still something to take back?
                Some(1) if are_settled() && is_known(situation.units) => match loaded(situation.units, 2) {
                    Some(Loaded { unit, .. }) if unit.may_be_asked(now) => {
                        self.ask(unit, Stop::Relieve, Cause::Overloaded);
                        (Step::Relieving { unit: unit.id.clone() }, memory.wanted_before)
                    }
                    Some(_) => return memory.clone(),
                    None => (Step::Dropping, memory.wanted_before),
                },
                Some(1) if now.since(*since) < situation.limits.ready_within => return memory.clone(),
                Some(1) => (Step::Dropping, memory.wanted_before),
                Some(0) if situation.open > 0 || now.since(*since) < LAUNCH_SHOWS => return memory.clone(),
                // It never came, or others are wanted now.
                _ => quiet(LONG_PAUSE),
            },
            Step::Relieving { unit } => match situation.units.iter().find(|view| view.id == *unit) {
                None => quiet(PAUSE),
                // It had nothing to give, after all.
                Some(view) if view.is_active() => (Step::Dropping, memory.wanted_before),
                // More work has come, so that what it gives back would only wait elsewhere; or the scheduler has taken it.
                Some(view)
                    if is_giving_back(view, now)
                        && (!situation.units.iter().any(is_idle)
                            || matches!(view.work, Work::Busy { queued: 0, .. })) =>
                {
                    self.ask(view, Stop::Resume, Cause::NoGain);
                    (Step::Dropping, memory.wanted_before)
                }
                Some(_) => return memory.clone(),
            },
            // The ordinary scale-down sees to it.
            Step::Dropping if memory.is_outdated(aim) => quiet(PAUSE),
            Step::Dropping if active > aim => {
                let idle = situation.units.iter().filter(|unit| is_idle(unit) && unit.may_be_asked(now));
                let is_pending = situation.units.iter().any(UnitView::is_pending);
                if let Some(youngest) = idle.max_by_key(|unit| unit.since).filter(|_| !is_pending) {
                    self.ask(youngest, super::rank::leave_idle(youngest), Cause::SpareNotNeeded);
                }
                return memory.clone();
            }
            Step::Dropping => quiet(PAUSE),
        };
        if let Step::Quiet { until } = &step {
            self.wake(Some(*until));
        }
        Rebalance { step, wanted_before, beside }
    }

    /// Launches one unit more, which may be one above the limit; whether it did.
    fn launch_spare(&mut self, loaded: &Loaded<'_>, situation: &Situation<'_>) -> bool {
        let has_room = match situation.limits.max_units {
            Limit::Unlimited => true,
            Limit::AtMost(limit) => situation.units.len() <= limit as usize,
        };
        let tier = situation.tiers.iter().find(|tier| tier.available_from <= self.now);
        let Some(tier) = tier.filter(|_| has_room && situation.not_before <= self.now) else { return false };
        self.actions.push(super::Action::LaunchSpare {
            tier: tier.tier.clone(),
            loaded: loaded.unit.id.clone(),
            queued: loaded.queued,
            idle: loaded.idle,
        });
        true
    }
}

enum Verdict {
    /// Look again when it has been uneven for so long.
    NotYet(Duration),
    /// The queue is soon done.
    SoonDone,
    /// It is worth a unit's start.
    WorthIt,
}

/// Whether a unit that held `before` tasks some time ago is to be relieved.
fn verdict(loaded: &Loaded<'_>, before: u32, waited: Duration) -> Verdict {
    if waited < HYSTERESIS {
        return Verdict::NotYet(HYSTERESIS);
    }
    let done = before.saturating_sub(loaded.tasks);
    if done == 0 {
        // Long tasks: nothing has come to an end yet, and the unit could not leave before. One that waits alone would
        // begin by then anyway.
        return match loaded.queued {
            0 | 1 => Verdict::SoonDone,
            _ if waited < LONG_TASK => Verdict::NotYet(LONG_TASK),
            _ => Verdict::WorthIt,
        };
    }
    let lasts = waited.saturating_mul(loaded.queued) / done;
    if lasts >= WORTH_IT && loaded.queued > 1 { Verdict::WorthIt } else { Verdict::SoonDone }
}

/// The unit with the longest queue, if at least `idle` others have nothing to do and all is known.
fn loaded(units: &[UnitView], idle: u32) -> Option<Loaded<'_>> {
    let mut found: Option<Loaded<'_>> = None;
    let mut idle_units = 0;
    for unit in units.iter().filter(|unit| unit.is_active()) {
        match unit.work {
            Work::Idle { .. } => idle_units += 1,
            Work::Busy { tasks, queued } => {
                let is_longer = found.as_ref().is_none_or(|longest| queued > longest.queued);
                if queued > 0 && unit.can.relieve && is_longer {
                    found = Some(Loaded { unit, queued, tasks, idle: 0 });
                }
            }
            Work::Unknown | Work::NotConnected { .. } => return None,
        }
    }
    found.filter(|_| idle_units >= idle).map(|loaded| Loaded { idle: idle_units, ..loaded })
}

fn is_idle(unit: &UnitView) -> bool {
    unit.is_active() && matches!(unit.work, Work::Idle { .. })
}

/// Whether a unit that hands back can still be asked to go on.
fn is_giving_back(unit: &UnitView, now: Timestamp) -> bool {
    unit.phase == Phase::Alive
        && matches!(unit.drain, Drain::HandingBack { .. })
        && unit.can.resume
        && unit.may_be_asked(now)
}

/// Whether a unit is neither leaving nor being asked anything.
fn is_settled(unit: &UnitView) -> bool {
    unit.phase == Phase::Alive && unit.is_active() && unit.asking.is_none()
}

/// Whether every unit is at the scheduler.
fn is_known(units: &[UnitView]) -> bool {
    units.iter().all(|unit| matches!(unit.work, Work::Idle { .. } | Work::Busy { .. }))
}
