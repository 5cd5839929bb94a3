//! `allocate=even_load`: a task goes to the worker with the fewest, whatever it needs.

use std::collections::BTreeMap;

use super::{
    Allocator,
    queues::{Pushed, Queues, Slot, Worker},
};
use crate::{Capabilities, TaskId, WorkerId};

/// Keeps workers in order of their load; of equal ones, the one goes first that has had this load for longest.
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct EvenLoad {
    queues: Queues<State, ()>,
    order: BTreeMap<Standing, Slot>,
    turns: u64,
}

/// What is known of a worker.
#[derive(Clone, Copy, Debug)]
struct State {
    queue_size: usize,
    standing: Standing,
}

/// A worker's place in the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    load: usize,
    turn: u64,
}

impl EvenLoad {
    /// Moves a worker to the end of those with its load.
    fn stand(order: &mut BTreeMap<Standing, Slot>, turns: &mut u64, worker: &mut Worker<State>) {
        *turns += 1;
        order.remove(&worker.own.standing);
        worker.own.standing = Standing { load: worker.len(), turn: *turns };
        order.insert(worker.own.standing, worker.slot());
    }
}

impl Allocator for EvenLoad {
    fn add_worker(&mut self, worker: WorkerId, _: &Capabilities, queue_size: usize) -> bool {
        let state = State { queue_size, standing: Standing::default() };
        let Some(worker) = self.queues.add(worker, state) else { return false };
        Self::stand(&mut self.order, &mut self.turns, worker);
        true
    }

    fn remove_worker(&mut self, worker: &WorkerId) -> Vec<TaskId> {
        let Some((worker, tasks)) = self.queues.remove(worker) else { return Vec::new() };
        self.order.remove(&worker.own.standing);
        tasks
    }

    fn assign(&mut self, task: TaskId, _: &Capabilities) -> Option<WorkerId> {
        let first = *self.order.first_key_value()?.1;
        let worker = self.queues.get_mut(first)?;
        if worker.len() < worker.own.queue_size {
            return match self.queues.push(first, task, ())? {
                Pushed::Before(holder) => Some(holder.clone()),
                Pushed::Now(worker) => {
                    Self::stand(&mut self.order, &mut self.turns, worker);
                    Some(worker.id.clone())
                }
            };
        }
        if let Some(holder) = self.queues.holder(&task) {
            return Some(holder.clone());
        }
        // One that is full has had its turn, too: so it is with the released policy.
        Self::stand(&mut self.order, &mut self.turns, self.queues.get_mut(first)?);
        None
    }

    fn remove_task(&mut self, task: &TaskId) -> Option<WorkerId> {
        let worker = self.queues.take(task)?;
        Self::stand(&mut self.order, &mut self.turns, worker);
        Some(worker.id.clone())
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
        let youngest = |worker: &Worker<State>, count| {
            let mut tasks: Vec<TaskId> =
                self.queues.youngest_first(worker).take(count).map(|task| task.id.clone()).collect();
            tasks.reverse();
            tasks
        };
        gives.map(|(worker, count)| (worker.id.clone(), youngest(worker, count))).collect()
    }

    fn loads(&self) -> Vec<(WorkerId, usize)> {
        self.queues.loads()
    }
}
