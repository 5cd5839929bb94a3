//! What has to be so in the end.

use scaler_wm_core::{
    Result,
    manager::{Status, Summary},
    plan::Drain,
};

use super::Rule;
use crate::chaos::{cloud::Machine, world::World};

impl World {
    /// What is not as it is wanted, if anything is not.
    pub(in crate::chaos) fn not_as_wanted(&self, status: &Status) -> Option<String> {
        let now = self.now;
        let unpaid = self.wanted.min(self.setup.limit);
        let mut wanted = unpaid.min(self.setup.budget.unwrap_or(u32::MAX));
        if self.orders.has_given_up() {
            // What came of a launch that was given up is there all the same, and paid for.
            let there = u32::try_from(status.units.len()).unwrap_or(u32::MAX);
            wanted = wanted.max(there.min(unpaid));
        }
        let there = self.left().filter(|machine| machine.is_joined(now)).count();
        let all = self.left().count();
        let believed = status.units.iter().filter(|unit| unit.drain == Drain::No).count();
        let open = self.orders.open().count();
        // Money that is gone buys nothing in the place of what has gone.
        if status.units.len() < wanted as usize && self.has_no_money_left() {
            wanted = u32::try_from(status.units.len()).unwrap_or(u32::MAX);
        }
        // A spare that is busy goes once it is idle, which is never where work goes on.
        if self.setup.works_on && all == wanted as usize + 1 {
            wanted += self.spares();
        }
        let is_good = [there, all, believed, status.units.len()].iter().all(|count| *count == wanted as usize)
            && self.left().all(|machine| !machine.hands_back)
            && status.open == 0
            && open == 0;
        (!is_good).then(|| {
            format!(
                "{wanted} units are to be there; {all} are, {there} of them at the scheduler; the manager believes in {}, \
                 {believed} of which stay; {open} launches are open",
                status.units.len()
            )
        })
    }

    /// What is left, if anything is.
    pub(in crate::chaos) fn not_empty(&self, status: &Status) -> Option<String> {
        let left = self.left().count();
        let records = self.records.iter().filter(|entry| !self.unforgotten.contains(&entry.launch.id)).count();
        let (believed, open) = (status.units.len(), self.orders.open().count());
        ([left, believed, open, records].iter().any(|count| *count > 0)).then(|| {
            format!(
                "{left} units are there, the manager believes in {believed}; {open} launches are open, {records} on record"
            )
        })
    }

    /// A process has ended, and nobody killed it.
    pub(in crate::chaos) fn judge_end(&mut self, ended: Option<(&str, Option<&Result<Summary>>)>) {
        let Some((words, summary)) = ended else { return };
        match summary {
            None => self.violated(Rule::Ends, format!("it broke down: {words}")),
            Some(_) if self.life.may_end.is_none() => {
                self.violated(Rule::Ends, "it ended by itself, and nothing called for it".to_owned());
            }
            Some(Ok(summary)) if summary.left_behind.is_empty() && summary.kept.is_empty() => {
                let is_left = |machine: &&Machine| {
                    // What is taken goes by itself; what came of a launch that was given up is in no list yet, perhaps.
                    let order = self.orders.get(&machine.launch);
                    // What stays by choice is on record, and came perhaps while the process was letting go.
                    let is_kept = summary.reason.ends_with("units stay")
                        && self.records.iter().any(|entry| entry.launch.id == machine.launch);
                    !is_kept
                        && !machine.is_leaving()
                        && order.is_some_and(|order| !order.is_given_up)
                        && machine.notice.is_none()
                        && self.life.known.get(&machine.id).is_some_and(|known| !known.is_gone && !known.is_ended)
                };
                let left = self.cloud.existing(self.now).find(is_left).map(|machine| machine.id.clone());
                if let Some(unit) = left.filter(|_| summary.unsettled.is_empty() && self.setup.outlives) {
                    self.violated(Rule::NoLeak, format!("it ended and left {unit} behind without a word"));
                }
            }
            Some(_) => {}
        }
    }
}
