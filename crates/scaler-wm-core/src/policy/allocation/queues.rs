//! Workers and the tasks that they have, in order of arrival.

use std::collections::{BTreeMap, HashMap, btree_map};

use crate::{TaskId, WorkerId};

/// The number of an arrival: smaller is earlier.
pub(super) type Arrival = u64;

/// Workers with a queue of tasks each. Each worker carries a `W`, each task a `T` of the policy's own.
#[derive(Clone, Debug)]
pub(super) struct Queues<W, T> {
    workers: BTreeMap<Arrival, Worker<W, T>>,
    by_id: HashMap<WorkerId, Arrival>,
    places: HashMap<TaskId, Place>,
    arrivals: Arrival,
}

/// One worker.
#[derive(Clone, Debug)]
pub(super) struct Worker<W, T> {
    pub(super) id: WorkerId,
    /// What the policy knows of it.
    pub(super) own: W,
    tasks: BTreeMap<Arrival, (TaskId, T)>,
}

/// Where a task is.
#[derive(Clone, Copy, Debug)]
struct Place {
    worker: Arrival,
    task: Arrival,
}

impl<W, T> Default for Queues<W, T> {
    fn default() -> Self {
        Self { workers: BTreeMap::new(), by_id: HashMap::new(), places: HashMap::new(), arrivals: 0 }
    }
}

impl<W, T> Worker<W, T> {
    /// How many tasks it has.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Its tasks, the oldest first.
    pub(super) fn tasks(&self) -> btree_map::Values<'_, Arrival, (TaskId, T)> {
        self.tasks.values()
    }

    /// The ids of its `count` youngest tasks, the oldest of them first.
    pub(super) fn youngest(&self, count: usize) -> Vec<TaskId> {
        let mut tasks: Vec<TaskId> = self.tasks().rev().take(count).map(|(task, _)| task.clone()).collect();
        tasks.reverse();
        tasks
    }
}

impl<W, T> Queues<W, T> {
    /// Adds a worker; `None` if it is there already.
    pub(super) fn add(&mut self, id: WorkerId, own: W) -> Option<Arrival> {
        if self.by_id.contains_key(&id) {
            return None;
        }
        let arrival = self.next();
        self.by_id.insert(id.clone(), arrival);
        self.workers.insert(arrival, Worker { id, own, tasks: BTreeMap::new() });
        Some(arrival)
    }

    /// Takes a worker and its tasks away.
    pub(super) fn remove(&mut self, id: &WorkerId) -> Option<(Arrival, Worker<W, T>)> {
        let arrival = self.by_id.remove(id)?;
        let worker = self.workers.remove(&arrival)?;
        for (task, _) in worker.tasks() {
            self.places.remove(task);
        }
        Some((arrival, worker))
    }

    /// Puts a task behind the others of a worker.
    pub(super) fn push(&mut self, worker: Arrival, task: TaskId, own: T) {
        let arrival = self.next();
        if let Some(found) = self.workers.get_mut(&worker) {
            found.tasks.insert(arrival, (task.clone(), own));
            self.places.insert(task, Place { worker, task: arrival });
        }
    }

    /// Takes a task away from the worker that has it.
    pub(super) fn take(&mut self, task: &TaskId) -> Option<(Arrival, &mut Worker<W, T>)> {
        let place = self.places.remove(task)?;
        let worker = self.workers.get_mut(&place.worker)?;
        worker.tasks.remove(&place.task);
        Some((place.worker, worker))
    }

    /// The worker that has a task.
    pub(super) fn holder(&self, task: &TaskId) -> Option<&WorkerId> {
        let place = self.places.get(task)?;
        Some(&self.workers.get(&place.worker)?.id)
    }

    pub(super) fn get(&self, worker: Arrival) -> Option<&Worker<W, T>> {
        self.workers.get(&worker)
    }

    pub(super) fn get_mut(&mut self, worker: Arrival) -> Option<&mut Worker<W, T>> {
        self.workers.get_mut(&worker)
    }

    /// All workers, in order of arrival.
    pub(super) fn workers(&self) -> btree_map::Values<'_, Arrival, Worker<W, T>> {
        self.workers.values()
    }

    /// How many tasks there are.
    pub(super) fn tasks(&self) -> usize {
        self.places.len()
    }

    pub(super) fn loads(&self) -> Vec<(WorkerId, usize)> {
        self.workers().map(|worker| (worker.id.clone(), worker.len())).collect()
    }

    fn next(&mut self) -> Arrival {
        self.arrivals += 1;
        self.arrivals
    }
}
