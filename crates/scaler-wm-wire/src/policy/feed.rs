//! From the monitor's messages to what an engine knows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use scaler_wm_core::{
    Capabilities, Limit, ManagerId, NO_QUANTITY, TaskId, Timestamp, WorkerId, WorkerMatch,
    policy::{Change, Engine, Ledger, Offer, Policy},
};

use tokio::time::Instant;

use super::UnitReport;
use crate::message::{Capability, ManagerDetail, StateScheduler, StateTask, StateWorker, TaskState, WorkerState};

/// Reports in a row that must contradict what events said before they are believed.
const CONTRADICTIONS: u8 = 2;
/// Reports in a row, one a second, after which a manager elsewhere that brings nothing of what it is asked for counts as
/// failing: units of a cloud take a minute or two.
const STALLED: u32 = 120;
/// The most tasks that are known one by one, and the most bytes of their ids and of what they need. Those beyond it count, and
/// what they need is not known.
const MOST_TASKS: usize = 2_000_000;
const MOST_TASK_BYTES: usize = 256 << 20;
/// The most kinds of tasks, by what they need, that are told apart. The same holds of one more.
const MOST_KINDS: usize = 1000;
/// The most workers, and managers elsewhere, that are known.
const MOST_WORKERS: usize = 100_000;
const MOST_MANAGERS: usize = 10_000;
/// The id under which tasks go that were there before we listened. No task of a scheduler has an empty id.
const UNSEEN: &[u8] = &[];

/// Keeps an engine in step with a scheduler: events as they come, and the report that comes once a second, which starts
/// it and corrects what was missed.
#[derive(Debug)]
pub(super) struct Feed {
    engine: Engine,
    /// Tasks that events told of, with the number of their arrival.
    tasks: HashMap<TaskId, Known>,
    task_bytes: usize,
    by_arrival: BTreeMap<u64, TaskId>,
    arrivals: u64,
    /// Tasks that only reports told of: what they need is not known.
    unseen: u32,
    fewer_tasks: u8,
    /// Connected workers, with the number of reports in a row that did not list them.
    workers: HashMap<WorkerId, Worker>,
    /// Managers in this process, and how their workers are known.
    ours: HashMap<ManagerId, HashMap<WorkerMatch, Unit>>,
    /// Managers elsewhere, by the last report, and how they deliver.
    others: HashMap<ManagerId, Delivery>,
    has_report: bool,
    /// What is spent, where the policy has a budget.
    ledger: Option<Arc<Ledger>>,
}

/// A task that events told of.
#[derive(Clone, Copy, Debug)]
struct Known {
    arrival: u64,
    /// Of its id and of what it needs.
    bytes: usize,
}

/// What a manager elsewhere brings.
#[derive(Debug, Default)]
struct Delivery {
    connected: u64,
    /// Reports in a row in which it brought nothing although it was asked for more.
    stalled: u32,
}

/// A unit of a manager in this process.
#[derive(Debug)]
struct Unit {
    /// When it was first told of.
    since: Instant,
    is_connected: bool,
}

#[derive(Debug, Default)]
struct Worker {
    manager: Option<ManagerId>,
    missing: u8,
}

impl Feed {
    pub(super) fn new(policy: &Policy, ledger: Option<Arc<Ledger>>) -> Self {
        Self {
            engine: policy.engine(),
            ledger,
            tasks: HashMap::new(),
            task_bytes: 0,
            by_arrival: BTreeMap::new(),
            arrivals: 0,
            unseen: 0,
            fewer_tasks: 0,
            workers: HashMap::new(),
            ours: HashMap::new(),
            others: HashMap::new(),
            has_report: false,
        }
    }

    /// What has been spent by now.
    pub(super) fn pay(&mut self, now: Timestamp) {
        for change in self.ledger.iter().flat_map(|ledger| ledger.changes(now)) {
            self.engine.apply(change);
        }
    }

    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether enough is known to decide.
    pub(super) const fn is_ready(&self) -> bool {
        self.has_report
    }

    /// A manager of this process: what it offers is known better than any report tells.
    pub(super) fn manager(&mut self, manager: ManagerId, offer: Offer) {
        self.ours.entry(manager.clone()).or_default();
        self.others.remove(&manager);
        self.engine.apply(Change::ManagerHeartbeat { manager, offer });
    }

    /// A manager of this process ended.
    pub(super) fn manager_gone(&mut self, manager: ManagerId) {
        self.ours.remove(&manager);
        self.engine.apply(Change::ManagerGone(manager));
    }

    /// The units of a manager of this process, by how their workers are known: so that a worker that has just connected
    /// counts for its manager before the next report.
    pub(super) fn units(&mut self, manager: &ManagerId, units: Vec<UnitReport>, now: Instant) {
        let Some(known) = self.ours.get_mut(manager) else { return };
        let told: HashSet<&WorkerMatch> = units.iter().map(|unit| &unit.workers).collect();
        known.retain(|unit, _| told.contains(unit));
        let mut has_new = false;
        for UnitReport { workers, is_up, is_connected } in units {
            let unit = known.entry(workers).or_insert_with(|| {
                has_new = true;
                Unit { since: now, is_connected: is_connected || is_up }
            });
            if is_connected && !std::mem::replace(&mut unit.is_connected, true) {
                let took = now - unit.since;
                self.engine.apply(Change::UnitStarted { manager: manager.clone(), took });
            }
        }
        if !has_new {
            return;
        }
        let strays: Vec<WorkerId> =
            self.workers.iter().filter(|(_, worker)| worker.manager.is_none()).map(|(id, _)| id.clone()).collect();
        for worker in strays {
            let manager = self.claimant(&worker);
            self.connected(worker, manager);
        }
    }

    /// Whether a manager of this process fails to bring what it is asked for.
    pub(super) fn delivery(&mut self, manager: ManagerId, is_failing: bool) {
        if self.ours.contains_key(&manager) {
            self.engine.apply(Change::Delivery { manager, is_failing });
        }
    }

    /// The monitor is heard from here on. What was known before may no longer be true, and the reports will tell; until
    /// then it stands: what waiting tasks need is never told again.
    pub(super) fn begin(&mut self) {
        self.fewer_tasks = 0;
        self.has_report = false;
    }

    fn forget(&mut self, task: &TaskId) -> bool {
        let Some(Known { arrival, bytes }) = self.tasks.remove(task) else { return false };
        self.task_bytes -= bytes;
        self.by_arrival.remove(&arrival);
        self.engine.apply(Change::TasksGone(task.clone()));
        true
    }

    /// A task changed its state.
    pub(super) fn task(&mut self, event: StateTask) {
        let id = TaskId::from(event.task.as_bytes());
        if event.state.has_ended() {
            if let Some(took) = event.ran_for() {
                self.engine.apply(Change::TaskTook(took));
            }
            if !self.forget(&id) {
                self.set_unseen(self.unseen.saturating_sub(1));
            }
            return;
        }
        if self.tasks.contains_key(&id) {
            return;
        }
        // It was there before we listened, most likely; now and then a new task is first heard of when it is running.
        if event.state != TaskState::Inactive {
            self.set_unseen(self.unseen.saturating_sub(1));
        }
        let names = event.capabilities.iter().map(|capability| capability.name.len() + size_of::<Capability>());
        let bytes = event.task.as_bytes().len() + names.sum::<usize>();
        let capabilities: Capabilities = event.capabilities.into_iter().collect();
        let demand = self.engine.facts().demand();
        let is_one_kind_more = demand.kinds() >= MOST_KINDS && !demand.has_kind(&capabilities);
        if self.tasks.len() >= MOST_TASKS || self.task_bytes + bytes > MOST_TASK_BYTES || is_one_kind_more {
            return self.set_unseen(self.unseen.saturating_add(1));
        }
        self.arrivals += 1;
        self.task_bytes += bytes;
        self.tasks.insert(id.clone(), Known { arrival: self.arrivals, bytes });
        self.by_arrival.insert(self.arrivals, id.clone());
        self.engine.apply(Change::TasksAdded { id, capabilities, count: 1 });
    }

    /// A worker came or went.
    pub(super) fn worker(&mut self, event: &StateWorker) {
        match event.state {
            WorkerState::Connected => {
                let manager = self.claimant(&event.worker);
                self.connected(event.worker.clone(), manager);
            }
            WorkerState::Disconnected => self.gone(&event.worker),
        }
    }

    /// Everything, once a second.
    pub(super) fn report(&mut self, report: &StateScheduler, now: Timestamp) {
        self.count_tasks(report);
        self.compare_workers(report);
        let mut others = HashMap::new();
        for detail in report.scaling.details.iter().take(MOST_MANAGERS) {
            let Some(manager) = manager_id(&detail.manager_id).filter(|id| !self.ours.contains_key(id)) else {
                continue;
            };
            others.insert(manager.clone(), self.others.remove(&manager).unwrap_or_default());
            self.engine.apply(Change::ManagerHeartbeat { manager, offer: offer(detail) });
        }
        for (manager, _) in self.others.drain() {
            if let Some(ledger) = &self.ledger {
                // Its workers may still be there.
                ledger.count(&manager, units(self.engine.facts().connected(&manager)), now);
            }
            self.engine.apply(Change::ManagerGone(manager));
        }
        self.others = others;
        self.has_report = true;
        self.judge_others(now);
    }

    /// Whether managers elsewhere bring what they are asked for: nobody tells, but their workers show it. An engine there
    /// follows the same policy, and so asks for the same.
    fn judge_others(&mut self, now: Timestamp) {
        for (manager, delivery) in &mut self.others {
            let requests = self.engine.decide(manager).and_then(|decision| decision.requests()).unwrap_or_default();
            let asked: u64 = requests.iter().map(|request| u64::from(request.task_concurrency)).sum();
            let connected = self.engine.facts().connected(manager);
            let is_growing = connected > delivery.connected;
            delivery.stalled = if connected >= asked || is_growing { 0 } else { delivery.stalled + 1 };
            delivery.connected = connected;
            let is_failing = delivery.stalled >= STALLED;
            if let Some(ledger) = &self.ledger {
                // Nobody tells of its units: each connected worker is taken for one.
                ledger.count(manager, units(connected), now);
            }
            self.engine.apply(Change::Delivery { manager: manager.clone(), is_failing });
        }
    }

    fn count_tasks(&mut self, report: &StateScheduler) {
        let live = report.live_tasks();
        let known = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        if live >= known {
            self.fewer_tasks = 0;
            return self.set_unseen(live - known);
        }
        self.set_unseen(0);
        self.fewer_tasks += 1;
        // Some ended unheard, and nobody says which: the oldest, most likely.
        if self.fewer_tasks >= CONTRADICTIONS {
            self.fewer_tasks = 0;
            let ended: Vec<TaskId> = self.by_arrival.values().take((known - live) as usize).cloned().collect();
            for task in ended {
                self.forget(&task);
            }
        }
    }

    fn set_unseen(&mut self, count: u32) {
        if count == self.unseen {
            return;
        }
        self.unseen = count;
        let (id, capabilities) = (TaskId::from(UNSEEN), Capabilities::default());
        self.engine.apply(Change::TasksAdded { id, capabilities, count });
    }

    fn compare_workers(&mut self, report: &StateScheduler) {
        let mut managers: HashMap<&WorkerId, ManagerId> = HashMap::new();
        for managed in &report.scaling.managed_workers {
            let Some(manager) = manager_id(&managed.manager_id) else { continue };
            managers.extend(managed.workers.iter().map(|worker| (worker, manager.clone())));
        }
        let listed: HashSet<&WorkerId> = report.workers.iter().map(|status| &status.id).collect();
        for id in &listed {
            let manager = managers.get(*id).cloned().or_else(|| self.claimant(id));
            self.connected((*id).clone(), manager);
        }
        for worker in self.workers.iter_mut().filter(|(id, _)| !listed.contains(id)).map(|(_, worker)| worker) {
            worker.missing += 1;
        }
        let gone = self.workers.iter().filter(|(_, worker)| worker.missing >= CONTRADICTIONS);
        for worker in gone.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.gone(&worker);
        }
    }

    fn connected(&mut self, worker: WorkerId, manager: Option<ManagerId>) {
        let is_new = !self.workers.contains_key(&worker);
        if is_new && self.workers.len() >= MOST_WORKERS {
            return;
        }
        let known = self.workers.entry(worker.clone()).or_default();
        known.missing = 0;
        let manager = manager.or_else(|| known.manager.clone());
        if is_new || known.manager != manager {
            known.manager.clone_from(&manager);
            self.engine.apply(Change::WorkerConnected { worker, manager });
        }
    }

    fn gone(&mut self, worker: &WorkerId) {
        if self.workers.remove(worker).is_some() {
            self.engine.apply(Change::WorkerGone(worker.clone()));
        }
    }

    /// The manager of this process that has this worker in one of its units.
    fn claimant(&self, worker: &WorkerId) -> Option<ManagerId> {
        let has = |units: &HashMap<WorkerMatch, Unit>| {
            units.contains_key(&WorkerMatch::Exact(worker.clone())) || units.keys().any(|unit| unit.has(worker))
        };
        self.ours.iter().find(|(_, units)| has(units)).map(|(manager, _)| manager.clone())
    }
}

fn units(workers: u64) -> u32 {
    u32::try_from(workers).unwrap_or(u32::MAX)
}

fn manager_id(bytes: &[u8]) -> Option<ManagerId> {
    std::str::from_utf8(bytes).ok().map(ManagerId::from)
}

/// What a report says of a manager. It names capabilities without their quantities, which policies do not look at.
fn offer(detail: &ManagerDetail) -> Offer {
    Offer::new(
        Limit::AtMost(detail.max_task_concurrency),
        detail.capabilities.split_whitespace().map(|name| (name, NO_QUANTITY)).collect(),
    )
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
