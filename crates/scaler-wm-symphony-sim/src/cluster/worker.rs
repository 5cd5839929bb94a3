//! The threads that have a service instance each.

use std::sync::{Arc, PoisonError};

use super::{
    Inner,
    service::{Heard, Service},
    state::{Phase, Worker},
    store::Place,
    tasks::Outcome,
};
use crate::faults::Fault;

impl Inner {
    /// Starts as many threads as there is work for, up to the limit.
    pub(super) fn staff(self: &Arc<Self>, application: &str) {
        let mut state = self.state();
        while state.needs_thread(application, self.limit) {
            let number = state.number();
            let name = application.to_owned();
            let worker = Worker { application: name.clone(), pid: None, task: None, killed: false, adopted: None };
            state.workers.insert(number, worker);
            if let Some(application) = state.applications.get_mut(application) {
                application.threads += 1;
            }
            self.spawn(move |inner| inner.work(number, &name));
        }
    }

    fn work(&self, worker: u64, application: &str) {
        let mut service = None;
        while let Some(place) = self.take(worker, application) {
            match self.run(worker, place, &mut service) {
                Some(outcome) => self.settle(worker, &outcome),
                None => break,
            }
        }
        if let Some(service) = service {
            service.dismiss();
        }
    }

    /// Waits for a task; none if we are to end.
    fn take(&self, worker: u64, application: &str) -> Option<Place> {
        let mut state = self.state();
        loop {
            if state.stopping {
                return None;
            }
            if let Some(place) = state.next(worker, self.limit) {
                return Some(place);
            }
            let entry = state.applications.get_mut(application)?;
            entry.idle += 1;
            let work = entry.work.clone();
            state = work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.applications.get_mut(application)?.idle -= 1;
        }
    }

    /// Has an instance run a task; nothing comes of it if we are to end first.
    fn run(&self, worker: u64, place: Place, service: &mut Option<Service>) -> Option<Outcome> {
        if service.as_mut().is_some_and(|service| !service.is_alive()) || self.was_killed(worker) {
            self.bury(worker, service);
        }
        if service.is_none() {
            match self.begin(worker, service) {
                Ok(Heard::Done) => {}
                Ok(Heard::Died) => return Some(Outcome::Died),
                Ok(Heard::Stopped) => return None,
                Err(text) => return Some(Outcome::Failed(text)),
            }
        }
        let running = service.as_ref()?;
        if let Err(error) = running.assign(place) {
            return Some(Outcome::Failed(format!("failed to write down who has the task: {error}")));
        }
        if !self.is_still(worker, place) {
            return Some(Outcome::Died);
        }
        let how = if self.faults.every(Fault::InstanceKilled) { "die" } else { "run" };
        running.tell(how, &self.store.task(place));
        match running.wait(&self.stopped) {
            Heard::Stopped => {
                service.take()?.leave();
                return None;
            }
            Heard::Died => self.bury(worker, service),
            Heard::Done => {}
        }
        // It may have ended after it had answered.
        Some(if self.store.has_answer(place) { Outcome::Answered } else { Outcome::Died })
    }

    /// Starts a process and waits until it is ready.
    fn begin(&self, worker: u64, service: &mut Option<Service>) -> Result<Heard, String> {
        let started = Service::start(&self.python, &self.store);
        let started = started.map_err(|error| {
            format!("failed to start a service instance with {}: {error}", self.python.to_string_lossy())
        })?;
        if let Some(worker) = self.state().workers.get_mut(&worker) {
            worker.pid = Some(started.pid());
        }
        let heard = started.wait(&self.stopped);
        *service = Some(started);
        if heard != Heard::Done {
            self.bury(worker, service);
        }
        Ok(heard)
    }

    fn was_killed(&self, worker: u64) -> bool {
        self.state().workers.get(&worker).is_some_and(|worker| worker.killed)
    }

    fn is_still(&self, worker: u64, place: Place) -> bool {
        self.state().task_mut(place).is_some_and(|task| task.phase == Phase::Running { worker })
    }

    fn bury(&self, worker: u64, service: &mut Option<Service>) {
        // Before its number may be another's.
        if let Some(worker) = self.state().workers.get_mut(&worker) {
            worker.pid = None;
            worker.killed = false;
        }
        if let Some(service) = service.take() {
            service.bury();
        }
    }
}
