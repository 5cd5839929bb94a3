//! Workers and the tasks that they have, in order of arrival.

use std::{
    collections::{BTreeMap, hash_map::Entry},
    iter::successors,
};

use foldhash::HashMap;
use slab::Slab;

use crate::{TaskId, WorkerId};

/// Workers with a queue of tasks each. Each worker carries a `W`, each task a `T` of the policy's own.
///
/// Tasks of a worker are linked to one another, so that any of them can be taken out at once.
#[derive(Clone, Debug)]
pub(super) struct Queues<W, T> {
    workers: Slab<Worker<W>>,
    by_id: HashMap<WorkerId, Slot>,
    by_arrival: BTreeMap<u64, usize>,
    tasks: Slab<Task<T>>,
    places: HashMap<TaskId, usize>,
    arrivals: u64,
}

/// Where a worker is found; in order of the workers' arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    arrival: u64,
    key: usize,
}

/// One worker.
#[derive(Clone, Debug)]
pub(super) struct Worker<W> {
    pub(super) id: WorkerId,
    /// What the policy knows of it.
    pub(super) own: W,
    slot: Slot,
    oldest: Option<usize>,
    youngest: Option<usize>,
    len: usize,
}

/// One task of a worker.
#[derive(Clone, Debug)]
pub(super) struct Task<T> {
    pub(super) id: TaskId,
    /// What the policy knows of it.
    pub(super) own: T,
    worker: usize,
    older: Option<usize>,
    younger: Option<usize>,
}

/// What became of a task that was to be put somewhere.
pub(super) enum Pushed<'a, W> {
    /// This worker has it now.
    Now(&'a mut Worker<W>),
    /// This one had it already, and keeps it.
    Before(&'a WorkerId),
}

impl<W, T> Default for Queues<W, T> {
    fn default() -> Self {
        Self {
            workers: Slab::new(),
            by_id: HashMap::default(),
            by_arrival: BTreeMap::new(),
            tasks: Slab::new(),
            places: HashMap::default(),
            arrivals: 0,
        }
    }
}

impl<W> Worker<W> {
    /// How many tasks it has.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Where it is found.
    pub(super) const fn slot(&self) -> Slot {
        self.slot
    }
}

impl<W, T> Queues<W, T> {
    /// Adds a worker; `None` if it is there already.
    pub(super) fn add(&mut self, id: WorkerId, own: W) -> Option<&mut Worker<W>> {
        let Entry::Vacant(place) = self.by_id.entry(id) else { return None };
        self.arrivals += 1;
        let vacant = self.workers.vacant_entry();
        let slot = Slot { arrival: self.arrivals, key: vacant.key() };
        self.by_arrival.insert(slot.arrival, slot.key);
        let id = place.key().clone();
        place.insert(slot);
        Some(vacant.insert(Worker { id, own, slot, oldest: None, youngest: None, len: 0 }))
    }

    /// Takes a worker away, with the tasks that it had, the oldest first.
    pub(super) fn remove(&mut self, id: &WorkerId) -> Option<(Worker<W>, Vec<TaskId>)> {
        let slot = self.by_id.remove(id)?;
        self.by_arrival.remove(&slot.arrival);
        let worker = self.workers.try_remove(slot.key)?;
        let mut left = Vec::with_capacity(worker.len);
        let mut next = worker.oldest;
        while let Some(task) = next.and_then(|key| self.tasks.try_remove(key)) {
            self.places.remove(&task.id);
            left.push(task.id);
            next = task.younger;
        }
        Some((worker, left))
    }

    /// Puts a task behind the others of a worker, unless somebody has it.
    pub(super) fn push(&mut self, worker: Slot, id: TaskId, own: T) -> Option<Pushed<'_, W>> {
        match self.places.entry(id) {
            Entry::Occupied(place) => {
                let holder = self.tasks.get(*place.get())?.worker;
                Some(Pushed::Before(&self.workers.get(holder)?.id))
            }
            Entry::Vacant(place) => {
                let found = self.workers.get_mut(worker.key)?;
                let older = found.youngest;
                let id = place.key().clone();
                let key = self.tasks.insert(Task { id, own, worker: worker.key, older, younger: None });
                place.insert(key);
                match older.and_then(|older| self.tasks.get_mut(older)) {
                    Some(older) => older.younger = Some(key),
                    None => found.oldest = Some(key),
                }
                found.youngest = Some(key);
                found.len += 1;
                Some(Pushed::Now(found))
            }
        }
    }

    /// Takes a task away from the worker that has it.
    pub(super) fn take(&mut self, id: &TaskId) -> Option<&mut Worker<W>> {
        let task = self.tasks.try_remove(self.places.remove(id)?)?;
        let worker = self.workers.get_mut(task.worker)?;
        match task.older.and_then(|older| self.tasks.get_mut(older)) {
            Some(older) => older.younger = task.younger,
            None => worker.oldest = task.younger,
        }
        match task.younger.and_then(|younger| self.tasks.get_mut(younger)) {
            Some(younger) => younger.older = task.older,
            None => worker.youngest = task.older,
        }
        worker.len -= 1;
        Some(worker)
    }

    /// The worker that has a task.
    pub(super) fn holder(&self, id: &TaskId) -> Option<&WorkerId> {
        let task = self.tasks.get(*self.places.get(id)?)?;
        Some(&self.workers.get(task.worker)?.id)
    }

    pub(super) fn get_mut(&mut self, worker: Slot) -> Option<&mut Worker<W>> {
        self.workers.get_mut(worker.key)
    }

    /// All workers, in order of arrival.
    pub(super) fn workers(&self) -> impl ExactSizeIterator<Item = &Worker<W>> {
        self.by_arrival.values().map(|key| &self.workers[*key])
    }

    /// How many tasks there are.
    pub(super) fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// The tasks of a worker, the youngest first.
    pub(super) fn youngest_first<'a>(
        &'a self,
        worker: &Worker<W>,
    ) -> impl Iterator<Item = &'a Task<T>> + use<'a, W, T> {
        let task = |key: Option<usize>| key.and_then(|key| self.tasks.get(key));
        successors(task(worker.youngest), move |younger| task(younger.older))
    }

    /// Tasks per worker.
    pub(super) fn loads(&self) -> Vec<(WorkerId, usize)> {
        self.workers().map(|worker| (worker.id.clone(), worker.len)).collect()
    }
}
