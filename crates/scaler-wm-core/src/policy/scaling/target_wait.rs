//! `scaling=target_wait`: as many workers as keep a new task from waiting for long.

use std::{collections::BTreeMap, time::Duration};

use super::{Facts, Offer, Scaling, Verdict, as_offered, most, special_first};
use crate::{
    Limit, ManagerId,
    policy::{Cap, Part, Passed, PolicyError, Reason, keys::Keys},
};

/// How long a new task may wait, unless the policy says something else.
const TARGET: Duration = Duration::from_secs(5);
/// How long a task takes, before any has ended.
const UNKNOWN_TASK: Duration = Duration::from_secs(1);
/// How long a unit takes to start, before any has.
const UNKNOWN_START: Duration = Duration::from_secs(5);
/// Workers are let go only if fewer than this part of them would do.
const SLACK: f64 = 0.7;

/// Sizes in one step: by the work that waits, how long tasks take, and how long units take to start.
///
/// Managers are filled in the order of their ids, each with what it can do.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct TargetWait {
    target: Duration,
}

impl TargetWait {
    /// Its own key: `target_seconds`.
    pub(in crate::policy) fn read(keys: &mut Keys<'_>) -> Result<Self, PolicyError> {
        Ok(Self { target: keys.seconds("target_seconds")?.unwrap_or(TARGET) })
    }

    /// How many workers `tasks` want where `connected` are there, and why.
    fn workers_for(&self, tasks: u64, connected: u64, facts: &Facts, able: &[&ManagerId]) -> (Reason, u64) {
        let task = facts.task_takes().unwrap_or(UNKNOWN_TASK).as_secs_f64();
        let starts = able.iter().filter_map(|manager| facts.start_takes(manager, 95));
        let start = starts.max().unwrap_or(UNKNOWN_START).as_secs_f64();
        let target = self.target.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate of far fewer than 2^52 tasks")]
        let (count, there) = (tasks as f64, connected as f64);
        let backlog = count * task;
        let mut wanted = backlog / target;
        if wanted > there {
            // New ones come late: by then those that are there have done their part, and less time is left.
            let left = (backlog - there * start).max(0.0);
            wanted = (left / (target - start).max(target / 2.0)).max(there);
        } else if wanted > there * SLACK {
            wanted = there;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of workers, at least 0")]
        let wanted = (wanted.ceil() as u64).clamp(1, tasks);
        let reason = Reason::Wait { task_seconds: task, start_seconds: start, target_seconds: target, connected };
        (reason, wanted)
    }
}

impl Scaling for TargetWait {
    fn decide(&self, facts: &Facts, manager: &ManagerId, offer: &Offer) -> Verdict {
        let mut parts = Vec::new();
        // Of each manager, what it may still be asked for, and the workers that have not been counted on.
        let free = facts.offers().map(|(id, offer)| (id, (most(offer), facts.connected(id))));
        let mut free: BTreeMap<&ManagerId, (u64, u64)> = free.collect();
        for need in special_first(facts) {
            let able = facts.offers().filter(|(_, offer)| need.capabilities.names_are_in(&offer.capabilities));
            let able: Vec<&ManagerId> = able.map(|(id, _)| id).collect();
            let connected = able.iter().map(|id| free[id].1).sum();
            let (reason, wanted) = self.workers_for(need.tasks, connected, facts, &able);
            let mut left = wanted;
            let mut passed = Vec::new();
            for id in able {
                let Some((cap, connected)) = free.get_mut(id) else { continue };
                let takes = left.min(*cap);
                if id == manager {
                    parts.push(Part {
                        capabilities: as_offered(need.capabilities, offer),
                        demand: need.tasks,
                        reason: reason.clone(),
                        wanted,
                        passed: passed.clone(),
                        cap: Cap::of(Limit::AtMost(u32::try_from(*cap).unwrap_or(u32::MAX))),
                    });
                }
                (*cap, *connected, left) = (*cap - takes, connected.saturating_sub(takes), left - takes);
                let cap = i64::try_from(takes).unwrap_or(i64::MAX);
                passed.push(Passed { manager: id.clone(), cap, leaves: left });
            }
        }
        Verdict::Asks(parts)
    }
}
