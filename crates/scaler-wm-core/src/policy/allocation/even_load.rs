//! `allocate=even_load`: a task goes to the worker with the fewest, whatever it needs.

use std::collections::BTreeSet;

use super::{
    Allocator,
    queues::{Arrival, Queues},
};
use crate::{Capabilities, TaskId, WorkerId};

/// Keeps workers in order of their load; of equal ones, the one goes first that has had this load for longest.
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct EvenLoad {
    queues: Queues<State, ()>,
    order: BTreeSet<Standing>,
    turns: u64,
}

/// What is known of a worker.
#[derive(Clone, Copy, Debug)]
struct State {
    queue_size: usize,
    standing: Standing,
}

/// A worker's place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    load: usize,
    turn: u64,
    worker: Arrival,
}

impl EvenLoad {
    /// Moves a worker to the end of those with its load.
    fn stand(&mut self, worker: Arrival) {
        self.turns += 1;
        if let Some(found) = self.queues.get_mut(worker) {
            self.order.remove(&found.own.standing);
            found.own.standing = Standing { load: found.len(), turn: self.turns, worker };
            self.order.insert(found.own.standing);
        }
    }
}

impl Allocator for EvenLoad {
    fn add_worker(&mut self, worker: WorkerId, _: &Capabilities, queue_size: usize) -> bool {
        let standing = Standing { load: 0, turn: 0, worker: 0 };
        let added = self.queues.add(worker, State { queue_size, standing });
        if let Some(arrival) = added {
            self.stand(arrival);
        }
        added.is_some()
    }

    fn remove_worker(&mut self, worker: &WorkerId) -> Vec<TaskId> {
        let Some((_, worker)) = self.queues.remove(worker) else { return Vec::new() };
        self.order.remove(&worker.own.standing);
        worker.tasks().map(|(task, ())| task.clone()).collect()
    }

    fn assign(&mut self, task: TaskId, _: &Capabilities) -> Option<WorkerId> {
        if let Some(holder) = self.queues.holder(&task) {
            return Some(holder.clone());
        }
        let first = self.order.first()?.worker;
        let worker = self.queues.get(first)?;
        let id = (worker.len() < worker.own.queue_size).then(|| worker.id.clone());
        if id.is_some() {
            self.queues.push(first, task, ());
        }
        // One that was full has had its turn, too: so it is with the released policy.
        self.stand(first);
        id
    }

    fn remove_task(&mut self, task: &TaskId) -> Option<WorkerId> {
        let (arrival, worker) = self.queues.take(task)?;
        let id = worker.id.clone();
        self.stand(arrival);
        Some(id)
    }

    /// Workers give back what they have queued over the mean, and together at least as many as there are idle workers.
    fn balance(&self) -> Vec<(WorkerId, Vec<TaskId>)> {
        // The first task of a worker runs: the others are queued.
        let queued: Vec<usize> = self.queues.workers().map(|worker| worker.len().saturating_sub(1)).collect();
        let total: usize = queued.iter().sum();
        let idle = self.queues.workers().filter(|worker| worker.len() == 0).count();
        if total == 0 || idle == 0 {
            return Vec::new();
        }
        let mean = total.div_ceil(queued.len());
        let mut counts: Vec<usize> = queued.iter().map(|queued| queued.saturating_sub(mean)).collect();
        let mut missing = idle.min(total).saturating_sub(counts.iter().sum());
        for (count, queued) in counts.iter_mut().zip(&queued) {
            let more = missing.min(queued - *count);
            *count += more;
            missing -= more;
        }
        let gives = self.queues.workers().zip(counts).filter(|(_, count)| *count > 0);
        gives.map(|(worker, count)| (worker.id.clone(), worker.youngest(count))).collect()
    }

    fn loads(&self) -> Vec<(WorkerId, usize)> {
        self.queues.loads()
    }
}
