//! `allocate=capability`: a task goes to the worker with the fewest among those that can do it.

use std::collections::BTreeSet;

use foldhash::HashMap;

use super::{
    Allocator,
    ability::Ability,
    balance::balance,
    queues::{Pushed, Queues, Slot, Worker},
};
use crate::{Capabilities, TaskId, WorkerId, policy::by_names::ByNames};

/// Keeps workers that can do the same together, in order of their load: an assignment costs O(sets of capabilities x
/// log workers).
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct ByCapability {
    queues: Queues<Ability, Capabilities>,
    groups: HashMap<ByNames, Group>,
}

/// Workers with the same capabilities by name.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Those with a free place, by load and arrival.
    free: BTreeSet<(usize, Slot)>,
    workers: usize,
}

impl ByCapability {
    /// Tells a worker's group that it had `before` tasks and has another number now.
    fn moved(groups: &mut HashMap<ByNames, Group>, worker: &Worker<Ability>, before: usize) {
        if let Some(group) = groups.get_mut(&ByNames(worker.own.capabilities.clone())) {
            group.free.remove(&(before, worker.slot()));
            if worker.len() < worker.own.queue_size {
                group.free.insert((worker.len(), worker.slot()));
            }
        }
    }
}

impl Allocator for ByCapability {
    fn add_worker(&mut self, worker: WorkerId, capabilities: &Capabilities, queue_size: usize) -> bool {
        let ability = Ability { capabilities: capabilities.clone(), queue_size };
        let Some(worker) = self.queues.add(worker, ability) else { return false };
        let group = self.groups.entry(ByNames(capabilities.clone())).or_default();
        group.workers += 1;
        if queue_size > 0 {
            group.free.insert((0, worker.slot()));
        }
        true
    }

    fn remove_worker(&mut self, worker: &WorkerId) -> Vec<TaskId> {
        let Some((worker, tasks)) = self.queues.remove(worker) else { return Vec::new() };
        let key = ByNames(worker.own.capabilities.clone());
        if let Some(group) = self.groups.get_mut(&key) {
            group.free.remove(&(worker.len(), worker.slot()));
            group.workers -= 1;
            if group.workers == 0 {
                self.groups.remove(&key);
            }
        }
        tasks
    }

    fn assign(&mut self, task: TaskId, capabilities: &Capabilities) -> Option<WorkerId> {
        let able = self.groups.iter().filter(|(key, _)| capabilities.names_are_in(&key.0));
        let Some((before, first)) = able.filter_map(|(_, group)| group.free.first()).min().copied() else {
            return self.queues.holder(&task).cloned();
        };
        match self.queues.push(first, task, capabilities.clone())? {
            Pushed::Before(holder) => Some(holder.clone()),
            Pushed::Now(worker) => {
                Self::moved(&mut self.groups, worker, before);
                Some(worker.id.clone())
            }
        }
    }

    fn remove_task(&mut self, task: &TaskId) -> Option<WorkerId> {
        let worker = self.queues.take(task)?;
        Self::moved(&mut self.groups, worker, worker.len() + 1);
        Some(worker.id.clone())
    }

    fn balance(&self) -> Vec<(WorkerId, Vec<TaskId>)> {
        balance(&self.queues)
    }

    fn loads(&self) -> Vec<(WorkerId, usize)> {
        self.queues.loads()
    }
}
