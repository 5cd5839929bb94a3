//! What may be launched, and what may be there.

use scaler_wm_core::{Launch, LaunchId, UnitId};

use super::{Known, MOST_INSTANTS, Rule, WINDOW};
use crate::chaos::{cloud::Machine, world::World};

impl World {
    /// Units that came have to be within the limit and the budget.
    pub(in crate::chaos) fn judge_new_units(&mut self) {
        for launch in std::mem::take(&mut self.cloud.doubled) {
            self.orders.given_up(&launch);
        }
        let fresh = std::mem::take(&mut self.cloud.fresh);
        let Some(last) = fresh.last().cloned() else { return };
        self.note(|| format!("there are {}", fresh.iter().map(UnitId::as_str).collect::<Vec<_>>().join(" ")));
        let (now, began) = (self.now, self.life.began);
        let counts = |machine: &&Machine| {
            let known = self.life.known.get(&machine.id);
            // What the infrastructure takes is replaced while it goes; so is what goes without our knowing why.
            let is_taken = machine.notice.is_some()
                || machine.leaves.as_ref().is_some_and(|(since, ..)| *since < began || known.is_none_or(Known::stays));
            // What came of a launch that was given up is known only when a list shows it, and more may be on order by then.
            let is_given_up = self.orders.get(&machine.launch).is_none_or(|order| order.is_given_up);
            !is_taken && !is_given_up
        };
        let there = self.cloud.existing(now).filter(counts).count();
        let there = u32::try_from(there).unwrap_or(u32::MAX);
        if there > self.setup.limit + self.spares() {
            let words = format!("{there} units with {last}, {} are allowed", self.setup.limit);
            self.violated(Rule::Limit, words);
        }
        if let Some(budget) = self.setup.budget.filter(|budget| there > *budget) {
            self.violated(Rule::Budget, format!("{there} units with {last}, the budget pays for {budget}"));
        }
    }

    /// Units that are there and stay, as far as the manager can know, and those that launches may still bring.
    fn present(&self) -> u32 {
        let now = self.now;
        let ready = u64::try_from(self.setup.info().ready_within.as_millis()).unwrap_or(u64::MAX);
        let stays = |machine: &&Machine| {
            let is_overdue = !self.life.told_load.contains_key(&machine.id) && now - machine.made >= ready;
            self.life.known.get(&machine.id).is_some_and(Known::stays)
                && !machine.is_leaving()
                && !machine.hands_back
                && machine.notice.is_none()
                && !is_overdue
        };
        let there = u32::try_from(self.cloud.existing(now).filter(stays).count()).unwrap_or(u32::MAX);
        let open = self.orders.open().map(|order| {
            let made = self.cloud.made.get(&order.token).map_or(0, |made| made.units.len());
            order.count.get().saturating_sub(u32::try_from(made).unwrap_or(u32::MAX))
        });
        there + open.sum::<u32>()
    }

    /// Units, there or on order, that were started so that work can be spread: one is allowed beyond what is wanted.
    pub(super) fn spares(&self) -> u32 {
        let is_spare = |launch: &LaunchId| self.orders.get(launch).is_some_and(|order| order.is_spare);
        let is_there = self.cloud.existing(self.now).any(|machine| is_spare(&machine.launch));
        u32::from(is_there || self.orders.open().any(|order| order.is_spare))
    }

    /// A launch is planned; whether it can only be that of a spare.
    pub(in crate::chaos) fn judge_plan(&mut self, launch: &Launch) -> bool {
        if self.life.killed.is_some() {
            return false;
        }
        self.note(|| format!("{} for {} units is planned", launch.id, launch.count));
        let Some(wanted) = self.life.told_wish.filter(|_| self.life.is_up) else {
            self.violated(Rule::NotWhileAway, format!("{} for {} units", launch.id, launch.count));
            return false;
        };
        let (present, count) = (self.present(), launch.count.get());
        let most = wanted.min(self.setup.limit);
        // One more, even while more are there than wanted, but not beyond the limit by more than one.
        let is_spare = self.setup.has_spares()
            && count == 1
            && present <= self.setup.limit
            && self.life.told_load.values().any(|seen| seen.queued > 0);
        if present + count > most && !is_spare {
            let words = format!("{count} units more beside {present} that are there or may come, {wanted} are wanted");
            self.violated(Rule::NoDuplicate, words);
        }
        // Those that go, and whose word on it was lost, count among those that stay.
        let unheard = self.cloud.existing(self.now).filter(|machine| {
            (machine.is_leaving() || machine.hands_back) && self.life.known.get(&machine.id).is_some_and(Known::stays)
        });
        let unheard = u32::try_from(unheard.count()).unwrap_or(u32::MAX);
        self.judge_day(count);
        present + unheard + count > most && is_spare
    }

    /// A unit goes on after all.
    pub(in crate::chaos) fn judge_resumed(&mut self, unit: &UnitId, wanted: Option<u32>) {
        let most = wanted.into_iter().chain(self.life.told_wish).max();
        // Whoever stood still, or was relieved of its queue, goes on for other reasons; and who is taken goes all the same.
        let is_taken = self.cloud.machines.get(unit).is_some_and(|machine| machine.notice.is_some());
        let is_wanted_again = self.life.known.get(unit).is_some_and(|known| known.is_handing_back) && !is_taken;
        let Some(most) = most.filter(|_| self.life.is_up && is_wanted_again) else { return };
        let is_counted = self.life.known.get(unit).is_some_and(Known::stays);
        let present = self.present() + u32::from(!is_counted);
        if present > most.min(self.setup.limit) + self.spares() {
            let words = format!("{unit} goes on, and makes it {present} that are there or may come, {most} are wanted");
            self.violated(Rule::NoDuplicate, words);
        }
    }

    /// Whether a launch may be repeated, by the clock of the process that is there.
    pub(in crate::chaos) fn may_repeat(&self, launch: &Launch) -> bool {
        self.setup.may_repeat(self.life.stamp(self.now).since(launch.at))
    }

    /// A launch is called.
    pub(in crate::chaos) fn judge_call(&mut self, launch: &Launch) {
        let now = self.now;
        let is_adopted = self.orders.get(&launch.id).is_some_and(|order| order.is_adopted);
        let is_again = is_adopted || self.judge.called.iter().any(|called| called.id == launch.id);
        if is_again && !self.may_repeat(launch) {
            let words = format!("{} is called again, and its token may stand for nothing any more", launch.id);
            self.violated(Rule::SafeRepeat, words);
        }
        self.orders.called(&launch.id);
        if !self.records.iter().any(|entry| entry.launch.id == launch.id) {
            self.violated(Rule::OnRecord, format!("{} is called, and is not on record", launch.id));
        }
        match self.judge.called.iter().find(|called| called.id == launch.id).cloned() {
            Some(before) if before != *launch => {
                let words = format!("{} is called with {}, and was with {}", launch.id, launch.token, before.token);
                self.violated(Rule::SameLaunch, words);
            }
            Some(_) => {}
            None => self.judge.called.push(launch.clone()),
        }
        if self.judge.calls.back() != Some(&now) {
            self.judge.calls.push_back(now);
        }
        while self.judge.calls.front().is_some_and(|at| at + WINDOW < now) {
            self.judge.calls.pop_front();
        }
        if self.judge.calls.len() > MOST_INSTANTS {
            self.violated(
                Rule::BacksOff,
                format!("calls at {} instants in {} s", self.judge.calls.len(), WINDOW / 1_000),
            );
        }
    }
}
