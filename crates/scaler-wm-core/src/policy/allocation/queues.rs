//! Workers and the tasks that they have, in order of arrival.

use std::collections::{BTreeMap, HashMap, btree_map, hash_map};

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

/// What became of a task that was to be put somewhere.
pub(super) enum Pushed<'a, W, T> {
    /// This worker has it now.
    Now(&'a mut Worker<W, T>),
    /// This one had it already, and keeps it.
    Before(&'a WorkerId),
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
    pub(super) fn add(&mut self, id: WorkerId, own: W) -> Option<(Arrival, &mut Worker<W, T>)> {
        if self.by_id.contains_key(&id) {
            return None;
        }
        let arrival = self.next();
        self.by_id.insert(id.clone(), arrival);
        let worker = Worker { id, own, tasks: BTreeMap::new() };
        Some((arrival, self.workers.entry(arrival).or_insert(worker)))
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

    /// Puts a task behind the others of a worker, unless somebody has it.
    pub(super) fn push(&mut self, worker: Arrival, task: TaskId, own: T) -> Option<Pushed<'_, W, T>> {
        let arrival = self.next();
        match self.places.entry(task) {
            hash_map::Entry::Occupied(place) => Some(Pushed::Before(&self.workers.get(&place.get().worker)?.id)),
            hash_map::Entry::Vacant(place) => {
                let found = self.workers.get_mut(&worker)?;
                found.tasks.insert(arrival, (place.key().clone(), own));
                place.insert(Place { worker, task: arrival });
                Some(Pushed::Now(found))
            }
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
