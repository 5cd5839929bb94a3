//! The plan while the manager runs.

use std::{collections::HashSet, num::NonZeroU32, time::Duration};

use super::{
    Action, Cause, Drain, Phase, Plan, Rebalance, Situation, UnitView, Work,
    rank::{Loss, leave_idle, let_go, loss, rank, worth_keeping},
};
use crate::{Limit, Stop, Timestamp, UnitId};

/// How long a unit stands still at most while we wait for a look at the load.
const LONGEST_HOLD: Duration = Duration::from_secs(5);
/// How long a unit that was ended may stay before it is ended again.
const ENDING_TAKES: Duration = Duration::from_secs(15);

/// What to do now. Pure; see the module's text.
#[must_use]
pub fn plan(situation: &Situation<'_>) -> Plan {
    let mut draft = Draft { now: situation.now, actions: Vec::new(), taken_back: HashSet::new(), look_again: None };
    let count = |is: fn(&UnitView) -> bool| {
        u32::try_from(situation.units.iter().filter(|unit| is(unit) && !is_overdue(unit, situation)).count())
            .unwrap_or(u32::MAX)
    };
    let (active, pending) = (count(UnitView::is_active), count(UnitView::is_pending));

    let (mut cooldown, mut target, mut rebalance) = (situation.cooldown, None, Rebalance::default());
    if let Some(desired) = situation.desired {
        let wanted = situation.limits.max_units.cap(situation.rebalance.heard(desired));
        let there = active.saturating_add(pending).saturating_add(situation.open);
        let extra = situation.rebalance.extra(there, wanted, situation.units);
        let there = there - extra;
        let aim;
        (cooldown, aim) = cooldown.step(wanted, there, situation.limits.cooldown, situation.now);
        target = Some(aim);
        draft.wake(cooldown.ends_at(situation.limits.cooldown));
        if aim > there {
            draft.scale_up(aim - there, situation);
        } else {
            let extra = if situation.rebalance.is_outdated(aim) { 0 } else { extra };
            draft.scale_down(active.saturating_sub(aim.saturating_add(extra)), situation);
        }
        rebalance = draft.rebalance(situation, aim, active);
    }
    for unit in situation.units {
        draft.mind(unit, situation);
    }
    Plan { actions: draft.actions, cooldown, rebalance, target, look_again: draft.look_again }
}

/// Whether the workers of a unit should have reached the scheduler by now, and have not, or have left it for good. While
/// the scheduler is away none can, and none is let go for it.
fn is_overdue(unit: &UnitView, situation: &Situation<'_>) -> bool {
    situation.desired.is_some()
        && matches!(unit.work, Work::NotConnected { since } if situation.now.since(since) >= situation.limits.ready_within)
}

pub(super) struct Draft<'a> {
    pub(super) now: Timestamp,
    pub(super) actions: Vec<Action>,
    /// Units whose drain this plan takes back: whatever else their drain would call for is void.
    taken_back: HashSet<&'a UnitId>,
    look_again: Option<Timestamp>,
}

impl<'a> Draft<'a> {
    pub(super) fn wake(&mut self, at: Option<Timestamp>) {
        self.look_again = self.look_again.into_iter().chain(at.filter(|at| *at > self.now)).min();
    }

    pub(super) fn ask(&mut self, unit: &UnitView, how: Stop, because: Cause) {
        self.actions.push(Action::Ask { unit: unit.id.clone(), how, because });
    }

    /// What a unit needs whatever is wanted: deadlines, and second looks.
    fn mind(&mut self, unit: &UnitView, situation: &Situation<'_>) {
        if unit.asking.is_some() || self.taken_back.contains(&unit.id) {
            return;
        }
        if unit.ask_after > self.now {
            self.wake(Some(unit.ask_after));
            return;
        }
        match unit.drain {
            Drain::HandingBack { until } | Drain::Waiting { until } if until <= self.now => {
                self.ask(unit, Stop::Now, Cause::DrainTimeout);
            }
            Drain::Waiting { until } => {
                self.wake(Some(until));
                if matches!(unit.work, Work::Idle { as_of } if unit.refused.is_none_or(|refused| as_of > refused)) {
                    self.ask(unit, leave_idle(unit), Cause::SurplusIdle);
                }
            }
            Drain::HandingBack { until } => self.wake(Some(until)),
            Drain::Held { since } => match unit.work {
                Work::Idle { as_of } if as_of > since => self.ask(unit, Stop::Now, Cause::StillIdle),
                Work::Busy { .. } => self.ask(unit, Stop::Resume, Cause::NotIdleAfterAll),
                _ if self.now.since(since) >= LONGEST_HOLD => self.ask(unit, Stop::Resume, Cause::NotIdleAfterAll),
                _ => self.wake(Some(since + LONGEST_HOLD)),
            },
            Drain::Ending { .. } if unit.phase == Phase::Leaving && situation.limits.ends_by_itself => {}
            Drain::Ending { since } if self.now.since(since) >= ENDING_TAKES => {
                self.ask(unit, Stop::Now, Cause::StillThere);
            }
            Drain::Ending { since } => self.wake(Some(since + ENDING_TAKES)),
            Drain::No if unit.phase == Phase::Leaving => {
                if unit.is_taken_soon && loss(unit, self.now) == Loss::Nothing {
                    self.ask(unit, leave_idle(unit), Cause::TakenSoon);
                }
            }
            Drain::No if is_overdue(unit, situation) => self.ask(unit, Stop::Now, Cause::NotAtScheduler),
            Drain::No => {
                if let Work::NotConnected { since } = unit.work {
                    self.wake(Some(since + situation.limits.ready_within));
                }
            }
        }
    }

    /// `missing` more are wanted: drains that have not been handed back are taken back first, then new units start.
    fn scale_up(&mut self, missing: u32, situation: &Situation<'a>) {
        // One that is relieved of its queue stays so: the spare is there for it.
        let is_relieved = |unit: &UnitView| situation.rebalance.relieved() == Some(&unit.id);
        let drains = situation.units.iter().filter(|unit| is_resumable(unit, self.now) && !is_relieved(unit));
        let mut drains: Vec<&'a UnitView> = drains.collect();
        drains.sort_by_key(|unit| worth_keeping(unit));
        drains.truncate(missing as usize);
        for unit in &drains {
            self.taken_back.insert(&unit.id);
            match unit.drain {
                Drain::Waiting { .. } => self.actions.push(Action::KeepAfterAll { unit: unit.id.clone() }),
                _ => self.ask(unit, Stop::Resume, Cause::WantedAgain),
            }
        }
        let missing = missing - u32::try_from(drains.len()).unwrap_or(missing);
        // What is being taken from us is replaced while it goes; but not what goes since we asked for it, answered or not.
        let is_ours =
            |unit: &&UnitView| unit.phase != Phase::Leaving || unit.drain != Drain::No || unit.asking.is_some();
        let present = situation.units.iter().filter(is_ours).count();
        let present = u32::try_from(present).unwrap_or(u32::MAX).saturating_add(situation.open);
        let room = match situation.limits.max_units {
            Limit::Unlimited => u32::MAX,
            Limit::AtMost(limit) => limit.saturating_sub(present),
        };
        self.launch(missing.min(room), situation);
    }

    fn launch(&mut self, mut count: u32, situation: &Situation<'_>) {
        if count == 0 {
            return;
        }
        if situation.not_before > self.now {
            self.wake(Some(situation.not_before));
            return;
        }
        let Some(best) = situation.tiers.iter().find(|tier| tier.available_from <= self.now) else {
            self.wake(situation.tiers.iter().map(|tier| tier.available_from).min());
            return;
        };
        // The rest follows as launches settle: what waits for its turn cannot be taken back.
        count = count.min(situation.limits.most_on_order.get().saturating_sub(situation.open));
        while let Some(batch) = NonZeroU32::new(count.min(situation.limits.largest_batch.get())) {
            self.actions.push(Action::Launch { count: batch, tier: best.tier.clone() });
            count -= batch.get();
        }
    }

    /// `surplus` of the active units are to go: those that lose least.
    fn scale_down(&mut self, surplus: u32, situation: &Situation<'_>) {
        if surplus == 0 {
            return;
        }
        let mut active: Vec<_> = situation
            .units
            .iter()
            .filter(|unit| unit.is_active() && unit.may_be_asked(self.now) && !is_overdue(unit, situation))
            .map(|unit| (rank(unit, self.now), unit))
            .collect();
        let surplus = surplus as usize;
        if surplus < active.len() {
            // Linear, where a sort would not be: only who goes matters, not in which order.
            active.select_nth_unstable_by(surplus, |a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
            active.truncate(surplus);
        }
        self.actions.extend(active.into_iter().map(|(_, unit)| let_go(unit, situation.limits, self.now)));
    }
}

/// Whether a drain can still be taken back.
fn is_resumable(unit: &UnitView, now: Timestamp) -> bool {
    unit.phase == Phase::Alive
        && unit.can.resume
        && unit.may_be_asked(now)
        && match unit.drain {
            Drain::HandingBack { until } | Drain::Waiting { until } => until > now,
            Drain::Held { .. } => true,
            Drain::No | Drain::Ending { .. } => false,
        }
}
