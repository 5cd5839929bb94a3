//! Tasks: submitted, cancelled, settled.

use std::sync::Arc;

use super::{Inner, sessions::kill, state::Phase, store::Place};
use crate::{
    abi,
    failure::{Failure, Result},
    world::{Opened, Tag},
};

/// What has come of a task that a worker had.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its answer is there.
    Answered,
    /// Its instance has ended without an answer.
    Died,
    /// It cannot run, for this reason.
    Failed(String),
}

impl Inner {
    pub(super) fn submit(self: &Arc<Self>, opened: &Opened, tag: Option<Tag>, payload: &[u8]) -> Result<u64> {
        let place = {
            let mut state = self.state();
            let session = state.attached(opened).ok_or_else(Failure::lost)?;
            session.last_task += 1;
            (opened.session, session.last_task)
        };
        let written = self.store.put(place, tag.as_deref(), payload);
        let mut state = self.state();
        let Some(session) = state.attached(opened) else {
            drop(state);
            self.store.forget(place);
            return Err(Failure::lost());
        };
        let application = session.facts.application.clone();
        written.map_err(|error| Failure::io("write down a task", error))?;
        state.add(place, tag, Phase::Queued);
        state.queue(place);
        state.wake(&application);
        drop(state);
        self.staff(&application);
        Ok(place.1)
    }

    pub(super) fn cancel(&self, opened: &Opened, task: u64) -> Result<()> {
        let place = (opened.session, task);
        let mut state = self.state();
        let session = state.attached(opened).ok_or_else(Failure::lost)?;
        match session.tasks.get(&task).map(|task| task.phase) {
            None => return Err(Failure::new(abi::UNKNOWN, format!("task {task} is not known"))),
            Some(Phase::Ended) => return Err(Failure::new(abi::FAILED, format!("task {task} has ended"))),
            Some(Phase::Queued | Phase::Running { .. }) => {}
        }
        if let Some(Phase::Running { worker }) = state.remove(place) {
            kill(&mut state, worker);
        }
        drop(state);
        // At once: whoever comes after us must not find it.
        self.store.forget(place);
        self.await_parting(|other| other == place);
        Ok(())
    }

    /// A worker has its task no more: it is told, tried again, or forgotten.
    pub(super) fn settle(&self, worker: u64, outcome: &Outcome) {
        let mut state = self.state();
        let Some((place, still)) = state.part(worker) else { return };
        let mut delivery = None;
        if !still {
            self.store.forget(place);
        } else if let Some(text) = self.failure(&mut state, place, outcome) {
            if let Err(error) = self.store.fail(place, &text) {
                eprintln!("scaler-soam-sim: failed to write down how task {} failed: {error}", place.1);
            }
            delivery = state.end(place);
        } else if matches!(outcome, Outcome::Answered) {
            delivery = state.end(place);
        } else {
            state.queue(place);
        }
        let application = state.workers.get(&worker).map(|worker| worker.application.clone());
        if let Some(application) = application {
            state.wake(&application);
        }
        drop(state);
        self.parted.notify_all();
        if let Some(delivery) = delivery {
            self.pool.push(delivery);
        }
    }

    /// Why a task has failed, if it has.
    fn failure(&self, state: &mut super::State, place: Place, outcome: &Outcome) -> Option<String> {
        match outcome {
            Outcome::Answered => None,
            Outcome::Failed(text) => Some(text.clone()),
            Outcome::Died => {
                let task = state.task_mut(place)?;
                task.deaths += 1;
                let times = task.deaths;
                let ends = times > self.faults.task_retries();
                ends.then(|| format!("the service instance ended {times} times while it had the task"))
            }
        }
    }
}
