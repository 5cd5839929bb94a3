//! Units of managers, from their launch to their end, and their workers.

use std::{cmp::Reverse, collections::VecDeque, sync::Arc, time::Duration};

use scaler_wm_core::{
    Exit, ExitCause, LaunchId, Load, Tier, Timestamp, Unit, UnitId, UnitState, WorkerLoad, WorkerMatch, policy::Change,
};

use super::{Event, SimUnit, Worker, WorkerNumber, World, worker_id};
use crate::workload::{float, millis};

impl World {
    /// Launches so many units; `None` where there is no capacity.
    pub(crate) fn launch(&mut self, manager: usize, launch: &LaunchId, count: u32) -> Option<Vec<Arc<Unit>>> {
        let is_failing = self.rng.f64() < self.managers[manager].config.no_capacity_rate;
        self.delivers(manager, is_failing);
        if is_failing {
            return None;
        }
        let launched: Vec<Arc<Unit>> = (0..count)
            .map(|_| {
                let state = &mut self.managers[manager];
                state.launched += 1;
                self.metrics.launches += 1;
                let id = UnitId::from(format!("{}-{:06}", state.id, state.launched));
                let unit = Arc::new(Unit {
                    id: id.clone(),
                    launch: Some(launch.clone()),
                    state: UnitState::Starting,
                    since: Timestamp::from_millis(self.now),
                    tier: Tier::default(),
                    workers: match state.config.workers_per_unit.get() {
                        1 => WorkerMatch::Exact(worker_id(&id, 0)),
                        _ => WorkerMatch::part(id.as_str()),
                    },
                    notice: None,
                });
                let sim =
                    SimUnit { shown: Arc::clone(&unit), workers: Vec::new(), launched: self.now, hands_back: false };
                state.units.insert(id.clone(), sim);
                let takes = millis(state.config.start_seconds.sample(&mut self.rng)).max(1);
                let comes_up = self.rng.f64() >= state.config.failure_rate;
                self.sequence += 1;
                let event = if comes_up { Event::Up(manager, id) } else { Event::NeverUp(manager, id) };
                self.events.push(Reverse((self.now + takes, self.sequence, event)));
                unit
            })
            .collect();
        self.note_cost_per_hour();
        Some(launched)
    }

    /// A manager knows whether it fails, and so does an engine beside it.
    pub(super) fn delivers(&mut self, manager: usize, is_failing: bool) {
        let manager = self.managers[manager].id.clone();
        self.engine.apply(Change::Delivery { manager, is_failing });
        self.stir();
    }

    pub(super) fn up(&mut self, manager: usize, unit: &UnitId) {
        let (now, state) = (self.now, &mut self.managers[manager]);
        let Some(sim) = state.units.get_mut(unit) else { return };
        let shown = Unit { state: UnitState::Running, since: Timestamp::from_millis(now), ..(*sim.shown).clone() };
        sim.shown = Arc::new(shown);
        let took = Duration::from_millis(now - sim.launched);
        let capabilities = state.config.capabilities().unwrap_or_default();
        for index in 0..state.config.workers_per_unit.get() {
            // The id that the manager has: looked up so often, it should be in one place.
            let id = match &sim.shown.workers {
                WorkerMatch::Exact(id) => id.clone(),
                WorkerMatch::Parts(_) => worker_id(unit, index),
            };
            let number = self.workers.len();
            self.workers.push(Worker {
                id: id.clone(),
                manager,
                unit: unit.clone(),
                running: None,
                queue: VecDeque::new(),
                is_there: true,
                began: now,
            });
            sim.workers.push(number);
            self.worker_ids.insert(id.clone(), number);
            self.allocator.add_worker(id.clone(), &capabilities, state.config.per_worker_task_queue_size);
            self.engine.apply(Change::WorkerConnected { worker: id, manager: Some(state.id.clone()) });
            self.metrics.connected += 1;
        }
        self.engine.apply(Change::UnitStarted { manager: state.id.clone(), took });
        state.changed.send_modify(|version| *version += 1);
        self.delivers(manager, false);
        self.metrics.peak = self.metrics.peak.max(self.metrics.connected);
        self.loads_changed();
        self.stir();
        self.feed();
    }

    /// A unit is gone; what ran in it runs again, and what was queued goes elsewhere.
    pub(super) fn remove(&mut self, manager: usize, unit: &UnitId, cause: ExitCause, asked: bool) {
        let state = &mut self.managers[manager];
        let Some(sim) = state.units.remove(unit) else { return };
        let exit = Exit { cause, asked, sure: true };
        let since = Timestamp::from_millis(self.now);
        state.gone.push(Arc::new(Unit { state: UnitState::Gone(exit), since, ..(*sim.shown).clone() }));
        state.changed.send_modify(|version| *version += 1);
        let alive = self.now - sim.launched;
        self.metrics.cost += float(alive) / 3.6e6 * state.config.price_per_unit_hour;
        self.metrics.worker_millis += alive * u64::from(state.config.workers_per_unit.get());
        let mut strays = Vec::new();
        for number in sim.workers {
            let worker = &mut self.workers[number];
            worker.is_there = false;
            if let Some(running) = worker.running.take() {
                self.metrics.busy_millis += self.now - worker.began;
                self.metrics.repeated += 1;
                self.metrics.running -= 1;
                strays.push(running);
            }
            strays.extend(worker.queue.drain(..));
            self.worker_ids.remove(&worker.id);
            self.allocator.remove_worker(&worker.id);
            self.engine.apply(Change::WorkerGone(worker.id.clone()));
            self.metrics.connected -= 1;
        }
        self.loads_changed();
        self.stir();
        for number in strays {
            self.assign_or_wait(number);
        }
    }

    /// Whether no worker of a unit has anything to do; `None` if there is no such unit.
    pub(crate) fn is_idle(&self, manager: usize, unit: &UnitId) -> Option<bool> {
        let sim = self.managers[manager].units.get(unit)?;
        let is_idle = |number: &WorkerNumber| {
            let worker = &self.workers[*number];
            worker.running.is_none() && worker.queue.is_empty()
        };
        Some(sim.workers.iter().all(is_idle))
    }

    /// Whether a worker of a unit has something queued.
    pub(crate) fn has_queue(&self, manager: usize, unit: &UnitId) -> bool {
        let sim = self.managers[manager].units.get(unit);
        sim.is_some_and(|sim| sim.workers.iter().any(|number| !self.workers[*number].queue.is_empty()))
    }

    /// Ends a unit, by our wish.
    pub(crate) fn end(&mut self, manager: usize, unit: &UnitId) {
        self.remove(manager, unit, ExitCause::Code(0), true);
    }

    /// A unit gives its queue back, and leaves once nothing runs in it.
    pub(crate) fn hand_back(&mut self, manager: usize, unit: &UnitId) {
        let Some(sim) = self.managers[manager].units.get_mut(unit) else { return };
        sim.hands_back = true;
        let workers = sim.workers.clone();
        let mut strays = Vec::new();
        for number in &workers {
            let worker = &mut self.workers[*number];
            strays.extend(worker.queue.drain(..));
            // It takes no new task: the scheduler knows it no longer.
            self.allocator.remove_worker(&worker.id);
        }
        self.loads_changed();
        for number in strays {
            self.assign_or_wait(number);
        }
        self.leave_if_free(manager, unit);
    }

    pub(super) fn leave_if_free(&mut self, manager: usize, unit: &UnitId) {
        if self.is_idle(manager, unit) == Some(true) {
            self.end(manager, unit);
        }
    }

    /// Every unit of a manager, and those that went since the last look.
    pub(crate) fn list(&mut self, manager: usize) -> Vec<Arc<Unit>> {
        let state = &mut self.managers[manager];
        let there = state.units.values().map(|unit| Arc::clone(&unit.shown));
        state.gone.drain(..).chain(there).collect()
    }

    /// Whether a manager has to know what is busy: some of its units may go, or work may lie unevenly.
    pub(crate) fn wants_load(&self, manager: usize) -> bool {
        let state = &self.managers[manager];
        let workers = state.units.len() as u64 * u64::from(state.config.workers_per_unit.get());
        state.wanted < workers || self.lopsided > 0
    }

    /// Who has what to do, of one manager's workers.
    pub(crate) fn load(&self, manager: usize) -> Load {
        let as_of = Timestamp::from_millis(self.now);
        let there = self.managers[manager].units.values().flat_map(|unit| &unit.workers);
        let load = |number: &WorkerNumber| {
            let worker = &self.workers[*number];
            let load = WorkerLoad {
                running: u32::from(worker.running.is_some()),
                queued: u32::try_from(worker.queue.len()).unwrap_or(u32::MAX),
                running_since: worker.running.map(|_| Timestamp::from_millis(worker.began)),
                as_of,
            };
            (worker.id.clone(), load)
        };
        let workers = Arc::new(there.map(load).collect());
        Load {
            workers,
            live_since: Some(Timestamp::default()),
            waiting: self.waiting.values().map(|queue| queue.len() as u64).sum(),
        }
    }
}
