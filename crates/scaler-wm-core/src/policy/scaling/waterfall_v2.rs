//! `waterfall_v2`: managers in order of priority, by what they really deliver, within a budget.

use std::time::Duration;

use super::{Facts, Offer, Scaling, Verdict, as_offered, most, share, special_first};
use crate::{
    ManagerId,
    policy::{
        Budget, Cap, CapSource, Part, Passed, Reason, Silence,
        ledger::{AHEAD, payable},
    },
};

/// Tasks that one worker is to have.
const PER_WORKER: u64 = 10;
/// How long it may take until a manager has heard that its units are to go, and until those that are idle have gone.
const LEAVING_TAKES: Duration = Duration::from_secs(60);
/// Of the hour that is paid for at a launch, so much is kept for what runs, as long as no task has shown how long it
/// takes, and at most: a longer task may cost more than there is.
const ENDS_BEFORE: Duration = Duration::from_secs(1_800);

/// One line of the policy.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::policy) struct PricedRule {
    /// The smaller, the earlier.
    pub(in crate::policy) priority: i64,
    /// The manager.
    pub(in crate::policy) manager: ManagerId,
    /// The most that it is given, beside its own limit.
    pub(in crate::policy) cap: Option<u32>,
    /// What a unit costs for an hour.
    pub(in crate::policy) price: f64,
}

/// Fills managers by priority. What one does not deliver goes on to the next at once, while it is still asked.
#[derive(Clone, Debug)]
pub(in crate::policy) struct WaterfallV2 {
    /// By priority; of equal ones, the first line first.
    rules: Vec<PricedRule>,
    budget: Budget,
}

/// What a manager can still take while work is given out.
struct Supply<'a> {
    rule: &'a PricedRule,
    offer: &'a Offer,
    /// Task concurrency that it may still be asked for.
    cap: u64,
    source: CapSource,
    /// Workers of the units that it has, those that are still starting included, that have not been counted on.
    there: u64,
    /// Of its connected workers, those that have not been counted on.
    connected: u64,
    /// Task concurrency that was asked for beyond the workers that are there: units are paid as a whole.
    more: u64,
    is_failing: bool,
}

/// What may go into launches.
struct Money {
    /// For an hour, beside what is there.
    room: f64,
    /// Whether the day's money just pays for what runs: then all that costs something is to end as its tasks do.
    runs_out: bool,
}

impl Supply<'_> {
    fn per_unit(&self) -> u64 {
        self.offer.workers_per_unit.get().into()
    }

    /// What `beyond` more workers cost for an hour.
    fn cost(&self, beyond: u64) -> f64 {
        let units = (self.more + beyond).div_ceil(self.per_unit()) - self.more.div_ceil(self.per_unit());
        float(units) * self.rule.price
    }

    /// How many more workers `money` pays for an hour.
    fn affordable(&self, money: f64) -> u64 {
        let units = self.more.div_ceil(self.per_unit()) + u64::from(payable(money, self.rule.price));
        units.saturating_mul(self.per_unit()).saturating_sub(self.more)
    }
}

impl WaterfallV2 {
    pub(in crate::policy) fn new(mut rules: Vec<PricedRule>, budget: Budget) -> Self {
        rules.sort_by_key(|rule| rule.priority);
        Self { rules, budget }
    }

    fn supplies<'a>(&'a self, facts: &'a Facts) -> Vec<Supply<'a>> {
        let supply = |rule: &'a PricedRule| {
            let offer = facts.offer(&rule.manager)?;
            let limit = most(offer);
            let (cap, source) = match rule.cap.map(u64::from) {
                Some(cap) if cap < limit => (cap, CapSource::Rule),
                _ => (limit, CapSource::Manager),
            };
            let there = facts.units(&rule.manager) * u64::from(facts.per_unit(&rule.manager));
            let connected = facts.connected(&rule.manager);
            let is_failing = facts.is_failing(&rule.manager);
            Some(Supply { rule, offer, cap, source, there, connected, more: 0, is_failing })
        };
        self.rules.iter().filter_map(supply).collect()
    }

    fn money(&self, facts: &Facts) -> Money {
        let (mut rate, mut spent) = (0.0, 0.0);
        for PricedRule { manager, price, .. } in &self.rules {
            rate += float(facts.units(manager)) * price;
            spent += facts.unit_time(manager).as_secs_f64() / 3_600.0 * price;
        }
        let longest = facts.task_takes_at_most().unwrap_or(ENDS_BEFORE);
        Money {
            room: self.budget.room(rate, spent, AHEAD).max(0.0),
            runs_out: self.budget.runs_out(rate, spent, longest.saturating_add(LEAVING_TAKES).min(ENDS_BEFORE)),
        }
    }
}

impl Scaling for WaterfallV2 {
    fn decide(&self, facts: &Facts, manager: &ManagerId, _: &Offer) -> Verdict {
        if !self.rules.iter().any(|rule| rule.manager == *manager) {
            return Verdict::Silent(Silence::NoRule);
        }
        let mut supplies = self.supplies(facts);
        let mut money = self.money(facts);
        let mut parts = Vec::new();
        for need in special_first(facts) {
            let wanted = share(need.tasks, PER_WORKER);
            let mut left = wanted;
            let mut passed = Vec::new();
            for supply in
                supplies.iter_mut().filter(|supply| need.capabilities.names_are_in(&supply.offer.capabilities))
            {
                let id = &supply.rule.manager;
                let affordable = supply.there.saturating_add(supply.affordable(money.room));
                let (at_most, source) = if money.runs_out && supply.rule.price > 0.0 {
                    (0, CapSource::BudgetEnds)
                } else if affordable < supply.cap {
                    (affordable, CapSource::Budget)
                } else {
                    (supply.cap, supply.source)
                };
                let takes = left.min(at_most);
                let beyond = takes.saturating_sub(supply.there);
                // What it does not deliver the next one is asked for, too, and may be paid of the same money; but for one
                // unit, with which it is tried again.
                let (delivers, is_paid) = if supply.is_failing {
                    (takes.min(supply.connected), beyond.min(supply.per_unit()))
                } else {
                    (takes, beyond)
                };
                money.room = (money.room - supply.cost(is_paid)).max(0.0);
                supply.more += beyond;
                if id == manager {
                    parts.push(Part {
                        capabilities: as_offered(need.capabilities, supply.offer),
                        demand: need.tasks,
                        reason: Reason::Share { per_worker: PER_WORKER },
                        wanted,
                        passed: passed.clone(),
                        cap: Some(Cap { value: i64::try_from(at_most).unwrap_or(i64::MAX), source }),
                    });
                }
                supply.cap -= takes;
                supply.there = supply.there.saturating_sub(takes);
                supply.connected = supply.connected.saturating_sub(takes);
                left -= delivers;
                passed.push(Passed {
                    manager: id.clone(),
                    cap: i64::try_from(delivers).unwrap_or(i64::MAX),
                    leaves: left,
                });
            }
        }
        Verdict::Asks(parts)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of units is far below 2^52")]
const fn float(units: u64) -> f64 {
    units as f64
}
