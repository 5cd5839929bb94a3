//! `waterfall_v2`: managers in order of priority, by what they really deliver, within a budget.

use std::collections::BTreeMap;

use super::{Facts, Offer, Scaling, Verdict, as_offered, most, share, special_first};
use crate::{
    ManagerId,
    policy::{Cap, CapSource, Part, Passed, Reason, Silence},
};

/// Tasks that one worker is to have.
const PER_WORKER: u64 = 10;

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

/// What may be spent. Work that is there goes on, whatever it costs: nothing more is launched.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::policy) struct Budget {
    /// For an hour: all that is asked for costs no more at once.
    pub(in crate::policy) per_hour: Option<f64>,
    /// For 24 hours in a row: what was spent, and another hour of all that is asked for, cost no more.
    pub(in crate::policy) per_day: Option<f64>,
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
    /// Of its connected workers, those that have not been counted on.
    there: u64,
    is_failing: bool,
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
            let there = facts.connected(&rule.manager);
            Some(Supply { rule, offer, cap, source, there, is_failing: facts.is_failing(&rule.manager) })
        };
        self.rules.iter().filter_map(supply).collect()
    }

    /// Money that may still go into what is launched, for an hour of it.
    fn left_to_spend(&self, facts: &Facts) -> f64 {
        let priced =
            |what: &dyn Fn(&PricedRule) -> f64| self.rules.iter().map(|rule| what(rule) * rule.price).sum::<f64>();
        let now = priced(&|rule| units(facts.connected(&rule.manager), facts.per_unit(&rule.manager)));
        let spent = priced(&|rule| facts.worker_hours(&rule.manager) / f64::from(facts.per_unit(&rule.manager)));
        let hour = self.budget.per_hour.map(|budget| budget - now);
        let day = self.budget.per_day.map(|budget| budget - spent - now);
        [hour, day].into_iter().flatten().fold(f64::INFINITY, f64::min).max(0.0)
    }
}

impl Scaling for WaterfallV2 {
    fn decide(&self, facts: &Facts, manager: &ManagerId, _: &Offer) -> Verdict {
        if !self.rules.iter().any(|rule| rule.manager == *manager) {
            return Verdict::Silent(Silence::NoRule);
        }
        let mut supplies = self.supplies(facts);
        let mut money = self.left_to_spend(facts);
        let mut parts = Vec::new();
        // Task concurrency that was asked for beyond the workers that are there, by manager: units are paid as a whole.
        let mut more: BTreeMap<&ManagerId, u64> = BTreeMap::new();
        for need in special_first(facts) {
            let wanted = share(need.tasks, PER_WORKER);
            let mut left = wanted;
            let mut passed = Vec::new();
            for supply in
                supplies.iter_mut().filter(|supply| need.capabilities.names_are_in(&supply.offer.capabilities))
            {
                let id = &supply.rule.manager;
                let asked_before = more.get(id).copied().unwrap_or_default();
                let affordable = supply.there.saturating_add(affordable(facts, supply.rule, asked_before, money));
                let (at_most, source) = match affordable {
                    affordable if affordable < supply.cap => (affordable, CapSource::Budget),
                    _ => (supply.cap, supply.source),
                };
                let takes = left.min(at_most);
                let beyond = takes.saturating_sub(supply.there);
                money -= cost(facts, supply.rule, asked_before, beyond);
                *more.entry(id).or_default() += beyond;
                // What it does not deliver the next one is asked for, too.
                let delivers = if supply.is_failing { takes.min(supply.there) } else { takes };
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

#[expect(clippy::cast_precision_loss, reason = "a number of workers is far below 2^52")]
fn units(workers: u64, per_unit: u32) -> f64 {
    workers.div_ceil(u64::from(per_unit)) as f64
}

/// What `beyond` more workers cost for an hour, where `asked` more than are there have been asked for already.
fn cost(facts: &Facts, rule: &PricedRule, asked: u64, beyond: u64) -> f64 {
    let (there, per_unit) = (facts.connected(&rule.manager) + asked, facts.per_unit(&rule.manager));
    (units(there + beyond, per_unit) - units(there, per_unit)) * rule.price
}

/// How many more workers `money` pays for an hour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 0, and cut off at the most there is"
)]
fn affordable(facts: &Facts, rule: &PricedRule, asked: u64, money: f64) -> u64 {
    if rule.price <= 0.0 || money == f64::INFINITY {
        return u64::MAX;
    }
    let (there, per_unit) = (facts.connected(&rule.manager) + asked, u64::from(facts.per_unit(&rule.manager)));
    // A hair more, so that a budget of three units buys three.
    let more_units = (money / rule.price + 1e-9).floor() as u64;
    (there.div_ceil(per_unit).saturating_add(more_units)).saturating_mul(per_unit).saturating_sub(there)
}
