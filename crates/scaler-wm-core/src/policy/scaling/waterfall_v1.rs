//! `waterfall_v1`: managers in order of priority; what one cannot take goes to the next.

use super::{Facts, Offer, Scaling, Verdict, share};
use crate::{
    Capabilities, Limit, ManagerId,
    policy::{Cap, CapSource, Part, Passed, Reason, Silence},
};

/// Tasks that one worker is to have.
const PER_WORKER: u64 = 10;

/// One line of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Rule {
    /// The smaller, the earlier.
    pub(in crate::policy) priority: i64,
    /// The manager.
    pub(in crate::policy) manager: ManagerId,
    /// The most that it is given, beside its own limit.
    pub(in crate::policy) cap: Option<i64>,
}

/// Fills managers by priority, and empties them in the reverse order.
#[derive(Clone, Debug)]
pub(in crate::policy) struct WaterfallV1 {
    /// By priority; of equal ones, the first line first.
    rules: Vec<Rule>,
}

impl WaterfallV1 {
    pub(in crate::policy) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut rules: Vec<Rule> = rules.into_iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        Self { rules }
    }

    /// What all tasks together ask of `rule`'s manager.
    fn for_all(&self, facts: &Facts, rule: &Rule, offer: &Offer) -> Part {
        let tasks = facts.demand().total();
        if tasks > 0 {
            return self.poured(facts, rule, offer, &Capabilities::default(), tasks);
        }
        let has_workers = |other: &&Rule| {
            other.priority > rule.priority
                && facts.offer(&other.manager).is_some()
                && facts.connected(&other.manager) > 0
        };
        let (reason, wanted) = match self.rules.iter().find(has_workers) {
            Some(other) => (Reason::Hold { until_gone: other.manager.clone() }, facts.connected(&rule.manager)),
            None => (Reason::NoTasks, 0),
        };
        Part { capabilities: Capabilities::default(), demand: 0, reason, wanted, passed: Vec::new(), cap: None }
    }

    /// What `tasks` that need `capabilities` ask of `rule`'s manager, after the managers that come first.
    fn poured(&self, facts: &Facts, rule: &Rule, offer: &Offer, capabilities: &Capabilities, tasks: u64) -> Part {
        let wanted = share(tasks, PER_WORKER);
        let mut left = wanted;
        let mut passed = Vec::new();
        for earlier in self.rules.iter().take_while(|earlier| earlier.manager != rule.manager) {
            let Some(offer) = facts.offer(&earlier.manager) else { continue };
            if !capabilities.names_are_in(&offer.capabilities) {
                continue;
            }
            let cap = earlier.cap_of(offer).value;
            // Below 0 it takes away a negative number, as the released policy does.
            left = left.saturating_add_signed(cap.saturating_neg());
            passed.push(Passed { manager: earlier.manager.clone(), cap, leaves: left });
        }
        let reason = Reason::Share { per_worker: PER_WORKER };
        let cap = Some(rule.cap_of(offer));
        Part { capabilities: capabilities.clone(), demand: tasks, reason, wanted, passed, cap }
    }
}

impl Rule {
    /// The most that the manager is given. As with the released policy, a manager without a limit counts as one with
    /// -1: it is asked for nothing.
    fn cap_of(&self, offer: &Offer) -> Cap {
        let offered = match offer.max_task_concurrency {
            Limit::Unlimited => -1,
            Limit::AtMost(limit) => i64::from(limit),
        };
        match self.cap {
            Some(cap) if cap < offered => Cap { value: cap, source: CapSource::Rule },
            _ => Cap { value: offered, source: CapSource::Manager },
        }
    }
}

impl Scaling for WaterfallV1 {
    fn decide(&self, facts: &Facts, manager: &ManagerId, offer: &Offer) -> Verdict {
        let Some(rule) = self.rules.iter().find(|rule| rule.manager == *manager) else {
            return Verdict::Silent(Silence::NoRule);
        };
        let mut parts = vec![self.for_all(facts, rule, offer)];
        let special = facts.demand().needs().into_iter().filter(|need| !need.capabilities.is_empty());
        let special = special.filter(|need| need.capabilities.names_are_in(&offer.capabilities));
        parts.extend(
            special
                .map(|need| self.poured(facts, rule, offer, need.capabilities, need.tasks))
                .filter(|part| part.asked() > 0),
        );
        Verdict::Asks(parts)
    }
}
