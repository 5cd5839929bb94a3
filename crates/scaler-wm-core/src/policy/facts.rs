//! What policies decide by.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use foldhash::HashMap;

use super::{Demand, engine::Change, samples::Samples};
use crate::{Capabilities, Limit, ManagerId, WorkerId};

/// Durations of so many tasks are kept.
const TASKS_KEPT: usize = 256;
/// Start-up times of so many units of each manager are kept.
const UNITS_KEPT: usize = 64;

/// Tasks, workers and managers as a scheduler knows them, counted. Every question costs O(1), those of
/// [`Demand`] aside.
#[derive(Clone, Debug)]
pub struct Facts {
    demand: Demand,
    workers: HashMap<WorkerId, Option<ManagerId>>,
    connected: HashMap<ManagerId, u64>,
    offers: BTreeMap<ManagerId, Offer>,
    tasks_took: Samples,
    units_took: HashMap<ManagerId, Samples>,
    failing: BTreeSet<ManagerId>,
    paid: BTreeMap<ManagerId, Paid>,
}

/// Units of a manager that cost money.
#[derive(Clone, Copy, Debug, Default)]
struct Paid {
    units: u32,
    unit_time: Duration,
}

/// What a manager said in its last heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The most task concurrency that it may run.
    pub max_task_concurrency: Limit,
    /// What its workers can do.
    pub capabilities: Capabilities,
    /// Workers in one of its units; 1 where nobody says.
    pub workers_per_unit: NonZeroU32,
}

impl Offer {
    /// What a manager with one worker in each unit offers.
    #[must_use]
    pub const fn new(max_task_concurrency: Limit, capabilities: Capabilities) -> Self {
        Self { max_task_concurrency, capabilities, workers_per_unit: NonZeroU32::MIN }
    }
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            demand: Demand::default(),
            workers: HashMap::default(),
            connected: HashMap::default(),
            offers: BTreeMap::new(),
            tasks_took: Samples::new(TASKS_KEPT),
            units_took: HashMap::default(),
            failing: BTreeSet::new(),
            paid: BTreeMap::new(),
        }
    }
}

impl Facts {
    /// Takes in what has changed. What is said twice counts once, and what is gone already may go again.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::TasksAdded { id, capabilities, count } => self.demand.add(id, capabilities, count),
            Change::TasksGone(id) => drop(self.demand.remove(&id)),
            Change::WorkerConnected { worker, manager } => {
                self.worker_gone(&worker);
                if let Some(manager) = &manager {
                    *self.connected.entry(manager.clone()).or_default() += 1;
                }
                self.workers.insert(worker, manager);
            }
            Change::WorkerGone(worker) => self.worker_gone(&worker),
            Change::ManagerHeartbeat { manager, offer } => drop(self.offers.insert(manager, offer)),
            Change::TaskTook(took) => self.tasks_took.add(took),
            Change::UnitStarted { manager, took } => {
                self.units_took.entry(manager).or_insert_with(|| Samples::new(UNITS_KEPT)).add(took);
            }
            Change::Delivery { manager, is_failing: true } => drop(self.failing.insert(manager)),
            Change::Delivery { manager, is_failing: false } => drop(self.failing.remove(&manager)),
            Change::Paid { manager, units, unit_time } => drop(self.paid.insert(manager, Paid { units, unit_time })),
            Change::ManagerGone(manager) => {
                self.failing.remove(&manager);
                self.offers.remove(&manager);
                self.units_took.remove(&manager);
            }
        }
    }

    fn worker_gone(&mut self, worker: &WorkerId) {
        if let Some(Some(manager)) = self.workers.remove(worker)
            && let Some(count) = self.connected.get_mut(&manager)
        {
            *count -= 1;
            if *count == 0 {
                self.connected.remove(&manager);
            }
        }
    }

    /// The tasks.
    #[must_use]
    pub const fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Connected workers, of whichever manager.
    #[must_use]
    pub fn workers(&self) -> u64 {
        self.workers.len() as u64
    }

    /// Connected workers of `manager`.
    #[must_use]
    pub fn connected(&self, manager: &ManagerId) -> u64 {
        self.connected.get(manager).copied().unwrap_or_default()
    }

    /// Whether a manager fails to bring what it is asked for.
    #[must_use]
    pub fn is_failing(&self, manager: &ManagerId) -> bool {
        self.failing.contains(manager)
    }

    /// Workers in one unit of a manager.
    #[must_use]
    pub fn per_unit(&self, manager: &ManagerId) -> u32 {
        self.offers.get(manager).map_or(1, |offer| offer.workers_per_unit.get())
    }

    /// Units of a manager that cost money: those that it told of, and at least those whose workers are connected.
    #[must_use]
    pub fn units(&self, manager: &ManagerId) -> u64 {
        let told = self.paid.get(manager).map_or(0, |paid| u64::from(paid.units));
        told.max(self.connected(manager).div_ceil(u64::from(self.per_unit(manager))))
    }

    /// Time of a manager's units in the last 24 hours, as far as it was told.
    #[must_use]
    pub fn unit_time(&self, manager: &ManagerId) -> Duration {
        self.paid.get(manager).map_or(Duration::ZERO, |paid| paid.unit_time)
    }

    /// What every connected manager offers, in the order of their ids.
    pub fn offers(&self) -> impl Iterator<Item = (&ManagerId, &Offer)> {
        self.offers.iter()
    }

    /// How long a task takes, by the mean of those that ended last; `None` before any has.
    #[must_use]
    pub fn task_takes(&self) -> Option<Duration> {
        self.tasks_took.mean()
    }

    /// How long the longest of those took.
    #[must_use]
    pub fn task_takes_at_most(&self) -> Option<Duration> {
        self.tasks_took.percentile(100)
    }

    /// How long so many percent of a manager's last units took at most from launch to scheduler; `None` before any has.
    #[must_use]
    pub fn start_takes(&self, manager: &ManagerId, percent: usize) -> Option<Duration> {
        self.units_took.get(manager)?.percentile(percent)
    }

    /// What `manager` offers, if it is connected.
    #[must_use]
    pub fn offer(&self, manager: &ManagerId) -> Option<&Offer> {
        self.offers.get(manager)
    }
}
