//! Scheduler, workers and infrastructure, simulated.
//!
//! Nothing happens by itself: whoever looks first lets everything happen that has become due. So a million tasks cost no
//! timer each.

mod figures;
mod units;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use fastrand::Rng;
use scaler_wm_core::{
    Capabilities, ExitCause, ManagerId, TaskId, Timestamp, Unit, UnitId, Wish, WorkerId,
    policy::{Allocator, Change, Engine, Ledger, Offer, Policy},
};
use tokio::sync::{Notify, watch};

use self::figures::Metrics;
use crate::{
    ManagerConfig, Simulation,
    workload::{Arrival, arrivals},
};

/// How often the scheduler looks whether work lies unevenly; it acts the second time in a row.
const BALANCE_EVERY: u64 = 1_000;

type Millis = u64;
type TaskNumber = u64;
type WorkerNumber = usize;

/// Everything that is simulated.
pub(crate) struct World {
    now: Millis,
    rng: Rng,
    engine: Engine,
    /// What is spent, where the policy has a budget.
    pub(crate) ledger: Option<Arc<Ledger>>,
    allocator: Box<dyn Allocator>,
    arrivals: Box<dyn Iterator<Item = Arrival> + Send>,
    next: Option<Arrival>,
    tasks: HashMap<TaskNumber, Task>,
    /// Tasks that no worker has, by what they need, in order of their arrival.
    waiting: BTreeMap<Capabilities, VecDeque<TaskNumber>>,
    events: BinaryHeap<Reverse<(Millis, u64, Event)>>,
    sequence: u64,
    workers: Vec<Worker>,
    worker_ids: HashMap<WorkerId, WorkerNumber>,
    pub(crate) managers: Vec<ManagerState>,
    is_balancing: bool,
    lopsided: u32,
    metrics: Metrics,
}

/// One manager's part of the world.
pub(crate) struct ManagerState {
    pub(crate) id: ManagerId,
    pub(crate) config: ManagerConfig,
    pub(crate) changed: watch::Sender<u64>,
    units: BTreeMap<UnitId, SimUnit>,
    /// Units that went and have not been told of.
    gone: Vec<Arc<Unit>>,
    launched: u64,
    /// Whether something happened that makes a heartbeat worthwhile.
    pub(crate) is_stirred: bool,
    /// Told whenever something does.
    pub(crate) stirred: Arc<Notify>,
    /// What is wanted of it.
    pub(crate) wanted: u64,
}

#[derive(Debug)]
struct SimUnit {
    shown: Arc<Unit>,
    workers: Vec<WorkerNumber>,
    launched: Millis,
    hands_back: bool,
}

#[derive(Debug)]
struct Worker {
    id: WorkerId,
    manager: usize,
    unit: UnitId,
    running: Option<TaskNumber>,
    queue: VecDeque<TaskNumber>,
    is_there: bool,
    began: Millis,
}

#[derive(Debug)]
struct Task {
    arrived: Millis,
    takes: Millis,
    needs: Capabilities,
    has_run: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Up(usize, UnitId),
    NeverUp(usize, UnitId),
    Ended(WorkerNumber, TaskNumber),
    Balance,
}

fn id_of(task: TaskNumber) -> TaskId {
    TaskId::from(&task.to_be_bytes())
}

fn worker_id(unit: &UnitId, index: u32) -> WorkerId {
    WorkerId::from(&format!("Worker|{unit}|{index}"))
}

impl World {
    /// The world of a simulation at its beginning.
    pub(crate) fn new(simulation: &Simulation, policy: &Policy) -> Self {
        let mut engine = policy.engine();
        let manager = |config: &ManagerConfig| ManagerState {
            id: ManagerId::from(&*config.id),
            config: config.clone(),
            changed: watch::channel(0).0,
            units: BTreeMap::new(),
            gone: Vec::new(),
            launched: 0,
            is_stirred: true,
            stirred: Arc::default(),
            wanted: 0,
        };
        let managers: Vec<ManagerState> = simulation.manager.iter().map(manager).collect();
        for ManagerState { id, config, .. } in &managers {
            let capabilities = config.capabilities().unwrap_or_default();
            let offer =
                Offer { max_task_concurrency: config.limit(), capabilities, workers_per_unit: config.workers_per_unit };
            engine.apply(Change::ManagerHeartbeat { manager: id.clone(), offer });
        }
        let mut arrivals = arrivals(simulation);
        let next = arrivals.next();
        Self {
            now: 0,
            rng: Rng::with_seed(simulation.seed),
            engine,
            ledger: policy.ledger(),
            allocator: policy.allocator(),
            arrivals,
            next,
            tasks: HashMap::new(),
            waiting: BTreeMap::new(),
            events: BinaryHeap::new(),
            sequence: 0,
            workers: Vec::new(),
            worker_ids: HashMap::new(),
            managers,
            is_balancing: false,
            lopsided: 0,
            metrics: Metrics::new(),
        }
    }

    /// Whether every task has come and ended.
    pub(crate) fn is_done(&self) -> bool {
        self.next.is_none() && self.tasks.is_empty()
    }

    /// Whether no unit is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.managers.iter().all(|manager| manager.units.is_empty())
    }

    /// Tasks that ended so far.
    pub(crate) const fn completed(&self) -> u64 {
        self.metrics.completed
    }

    /// When something happens next; nothing more if nobody does anything.
    pub(crate) fn next_event(&self) -> Option<Timestamp> {
        let event = self.events.peek().map(|Reverse((at, ..))| *at);
        let arrival = self.next.as_ref().map(|next| next.at);
        event.into_iter().chain(arrival).min().map(Timestamp::from_millis)
    }

    /// Lets everything happen that is due by now.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let now = now.as_millis();
        while let Some(at) = self.next_event().map(Timestamp::as_millis).filter(|at| *at <= now) {
            self.sample_until(at);
            self.now = self.now.max(at);
            if self.events.peek().is_some_and(|Reverse((due, ..))| *due == at) {
                let Some(Reverse((_, _, event))) = self.events.pop() else { break };
                self.happen(event);
            } else {
                self.arrive();
            }
        }
        self.sample_until(now);
        self.now = self.now.max(now);
    }

    fn schedule(&mut self, at: Millis, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((at, self.sequence, event)));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Up(manager, unit) => self.up(manager, &unit),
            Event::NeverUp(manager, unit) => {
                self.delivers(manager, true);
                self.remove(manager, &unit, ExitCause::NeverStarted("by chance".to_owned()), false);
            }
            Event::Ended(worker, task) => self.ended(worker, task),
            Event::Balance => self.balance(),
        }
    }

    fn arrive(&mut self) {
        let Some(Arrival { at, takes, needs }) = self.next.take() else { return };
        self.next = self.arrivals.next();
        let number = self.metrics.submitted;
        self.metrics.submitted += 1;
        self.metrics.first.get_or_insert(at);
        let change = Change::TasksAdded { id: id_of(number), capabilities: needs.clone(), count: 1 };
        self.engine.apply(change);
        self.tasks.insert(number, Task { arrived: at, takes, needs, has_run: false });
        let was_nothing_waiting = self.waiting.is_empty();
        self.assign_or_wait(number);
        if was_nothing_waiting && !self.waiting.is_empty() {
            self.stir();
        }
    }

    fn assign_or_wait(&mut self, number: TaskNumber) {
        if !self.assign(number) {
            let needs = self.tasks.get(&number).map(|task| task.needs.clone()).unwrap_or_default();
            self.waiting.entry(needs).or_default().push_back(number);
        }
    }

    /// Something that early heartbeats are sent for.
    fn stir(&mut self) {
        for manager in &mut self.managers {
            manager.is_stirred = true;
            manager.stirred.notify_one();
        }
    }

    fn assign(&mut self, number: TaskNumber) -> bool {
        let Some(task) = self.tasks.get(&number) else { return true };
        let Some(worker) = self.allocator.assign(id_of(number), &task.needs) else { return false };
        let Some(at) = self.worker_ids.get(&worker).copied() else { return false };
        self.workers[at].queue.push_back(number);
        self.loads_changed();
        self.start_next(at);
        true
    }

    fn start_next(&mut self, at: WorkerNumber) {
        let worker = &mut self.workers[at];
        if worker.running.is_some() || !worker.is_there {
            return;
        }
        let Some(number) = worker.queue.pop_front() else { return };
        worker.running = Some(number);
        worker.began = self.now;
        self.metrics.running += 1;
        let Some(task) = self.tasks.get_mut(&number) else { return };
        if !std::mem::replace(&mut task.has_run, true) {
            self.metrics.waits.push(u32::try_from(self.now - task.arrived).unwrap_or(u32::MAX));
        }
        let ends = self.now + task.takes;
        self.schedule(ends, Event::Ended(at, number));
    }

    fn ended(&mut self, at: WorkerNumber, number: TaskNumber) {
        let worker = &mut self.workers[at];
        if worker.running != Some(number) || !worker.is_there {
            // It was ended before.
            return;
        }
        worker.running = None;
        self.metrics.running -= 1;
        self.metrics.busy_millis += self.now - worker.began;
        self.metrics.completed += 1;
        self.metrics.last = self.now;
        self.allocator.remove_task(&id_of(number));
        self.loads_changed();
        if let Some(task) = self.tasks.remove(&number) {
            self.engine.apply(Change::TaskTook(Duration::from_millis(task.takes)));
        }
        self.engine.apply(Change::TasksGone(id_of(number)));
        let (manager, unit) = (self.workers[at].manager, self.workers[at].unit.clone());
        if self.managers[manager].units.get(&unit).is_some_and(|unit| unit.hands_back) {
            self.leave_if_free(manager, &unit);
        } else {
            self.start_next(at);
        }
        self.feed();
    }

    /// Gives what waits to whoever can take it, the oldest first; what nobody can do holds up nothing else.
    fn feed(&mut self) {
        let mut stuck: BTreeSet<Capabilities> = BTreeSet::new();
        loop {
            let heads = self.waiting.iter().filter(|(needs, _)| !stuck.contains(*needs));
            let oldest = heads.filter_map(|(needs, queue)| Some((*queue.front()?, needs.clone()))).min();
            let Some((number, needs)) = oldest else { break };
            if !self.assign(number) {
                stuck.insert(needs);
                continue;
            }
            if let Some(queue) = self.waiting.get_mut(&needs) {
                queue.pop_front();
                if queue.is_empty() {
                    self.waiting.remove(&needs);
                }
            }
        }
    }

    /// Who has what to do has changed: the scheduler looks at it at the next whole multiple of its time. Where nothing has
    /// changed since it found nothing to do, it would find nothing again.
    fn loads_changed(&mut self) {
        if !std::mem::replace(&mut self.is_balancing, true) {
            self.schedule((self.now / BALANCE_EVERY + 1) * BALANCE_EVERY, Event::Balance);
        }
    }

    fn balance(&mut self) {
        self.is_balancing = false;
        let advice = if self.tasks.is_empty() { Vec::new() } else { self.allocator.balance() };
        if !advice.is_empty() {
            self.loads_changed();
        }
        self.lopsided = if advice.is_empty() { 0 } else { self.lopsided + 1 };
        if self.lopsided < 2 {
            return;
        }
        self.lopsided = 0;
        let mut taken = Vec::new();
        for (worker, tasks) in advice {
            let Some(at) = self.worker_ids.get(&worker).copied() else { continue };
            for id in tasks {
                let worker = &mut self.workers[at];
                // One that runs stays.
                let place = worker.queue.iter().rposition(|number| id_of(*number) == id);
                if let Some(number) = place.and_then(|place| worker.queue.remove(place)) {
                    self.allocator.remove_task(&id);
                    taken.push(number);
                }
            }
        }
        for number in taken {
            self.assign_or_wait(number);
        }
    }

    /// What is wanted of a manager now; `None` where it is asked for nothing.
    pub(crate) fn decide(&mut self, manager: usize) -> Option<Wish> {
        for change in self.ledger.iter().flat_map(|ledger| ledger.changes(Timestamp::from_millis(self.now))) {
            self.engine.apply(change);
        }
        let decision = self.engine.decide(&self.managers[manager].id)?;
        let requests = decision.requests()?;
        let wanted = requests.iter().map(|request| u64::from(request.task_concurrency)).sum();
        self.managers[manager].wanted = wanted;
        let all = self.managers.iter().map(|manager| manager.wanted).sum();
        self.metrics.wanted.now(all);
        decision.wish()
    }
}
