//! What the cluster knows. No I/O, no threads: the lock around it is held for moments only.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Condvar},
};

use rustix::process::Pid;

use super::store::Place;
use crate::{
    attachment::Attachment,
    pool::Delivery,
    world::{Facts, Tag},
};

/// The higher priority first, and the earlier one of the same.
type Turn = (Reverse<i32>, u64);

/// All of it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) stopping: bool,
    pub(crate) sessions: BTreeMap<u64, Session>,
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) workers: BTreeMap<u64, Worker>,
    sequence: u64,
}

/// A session.
pub(crate) struct Session {
    pub(crate) facts: Facts,
    pub(crate) last_task: u64,
    pub(crate) tasks: BTreeMap<u64, Task>,
    /// Whoever has it open.
    pub(crate) attachment: Option<Arc<Attachment>>,
}

/// A task of a session.
pub(crate) struct Task {
    pub(crate) tag: Option<Tag>,
    pub(crate) phase: Phase,
    /// When it came, among all tasks.
    came: u64,
    /// How many instances have ended while they had it.
    pub(crate) deaths: u64,
}

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued,
    Running { worker: u64 },
    Ended,
}

/// What shares its service instances.
#[derive(Default)]
pub(crate) struct Application {
    queue: BTreeMap<Turn, Place>,
    /// Told when there may be work.
    pub(crate) work: Arc<Condvar>,
    pub(crate) threads: usize,
    pub(crate) idle: usize,
    pub(crate) running: usize,
}

/// Whoever runs tasks: a thread of ours with its process, or a process that an earlier client has left.
pub(crate) struct Worker {
    pub(crate) application: String,
    pub(crate) pid: Option<Pid>,
    pub(crate) task: Option<Place>,
    /// Its process was killed.
    pub(crate) killed: bool,
    /// The file of an instance that is not ours.
    pub(crate) adopted: Option<PathBuf>,
}

impl State {
    pub(crate) fn number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Adds a task, which is not queued yet.
    pub(crate) fn add(&mut self, (session, task): Place, tag: Option<Tag>, phase: Phase) {
        let came = self.number();
        if let Some(session) = self.sessions.get_mut(&session) {
            session.last_task = session.last_task.max(task);
            session.tasks.insert(task, Task { tag, phase, came, deaths: 0 });
        }
    }

    fn turn(&self, (session, task): Place) -> Option<(String, Turn)> {
        let session = self.sessions.get(&session)?;
        let came = session.tasks.get(&task)?.came;
        Some((session.facts.application.clone(), (Reverse(session.facts.priority), came)))
    }

    /// Queues a task, at the place that its session and its coming give it.
    pub(crate) fn queue(&mut self, place: Place) {
        let Some((application, turn)) = self.turn(place) else { return };
        if let Some(task) = self.task_mut(place) {
            task.phase = Phase::Queued;
        }
        self.applications.entry(application).or_default().queue.insert(turn, place);
    }

    pub(crate) fn task_mut(&mut self, (session, task): Place) -> Option<&mut Task> {
        self.sessions.get_mut(&session)?.tasks.get_mut(&task)
    }

    /// Gives a worker the next task, if one may run.
    pub(crate) fn next(&mut self, worker: u64, limit: usize) -> Option<Place> {
        let name = self.workers.get(&worker)?.application.clone();
        let application = self.applications.get_mut(&name)?;
        if application.running >= limit {
            return None;
        }
        let (_, place) = application.queue.pop_first()?;
        self.assign(worker, place);
        Some(place)
    }

    /// A worker has this task from here on.
    pub(crate) fn assign(&mut self, worker: u64, place: Place) {
        if let Some(task) = self.task_mut(place) {
            task.phase = Phase::Running { worker };
        }
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.task = Some(place);
            self.applications.entry(worker.application.clone()).or_default().running += 1;
        }
    }

    /// A worker has its task no more. Whether the task is still one.
    pub(crate) fn part(&mut self, worker: u64) -> Option<(Place, bool)> {
        let entry = self.workers.get_mut(&worker)?;
        let place = entry.task.take()?;
        if let Some(application) = self.applications.get_mut(&entry.application) {
            application.running -= 1;
        }
        let still = self.task_mut(place).is_some_and(|task| task.phase == Phase::Running { worker });
        Some((place, still))
    }

    /// Whether another thread would find something to do.
    pub(crate) fn needs_thread(&self, name: &str, limit: usize) -> bool {
        let Some(application) = self.applications.get(name) else { return false };
        !self.stopping && application.threads < limit && application.queue.len() > application.idle
    }

    /// Tells the threads of an application that there may be work.
    pub(crate) fn wake(&self, name: &str) {
        if let Some(application) = self.applications.get(name).filter(|it| !it.queue.is_empty() && it.idle > 0) {
            application.work.notify_one();
        }
    }

    /// Removes a task; whoever has it.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Phase> {
        let turn = self.turn(place);
        let (session, task) = place;
        let task = self.sessions.get_mut(&session)?.tasks.remove(&task)?;
        if let (Phase::Queued, Some((application, turn))) = (task.phase, turn)
            && let Some(application) = self.applications.get_mut(&application)
        {
            application.queue.remove(&turn);
        }
        Some(task.phase)
    }

    /// The task has ended: what is to be told, if somebody listens.
    pub(crate) fn end(&mut self, place: Place) -> Option<Delivery> {
        self.task_mut(place)?.phase = Phase::Ended;
        self.delivery(place)
    }

    fn delivery(&self, (session, task): Place) -> Option<Delivery> {
        let entry = self.sessions.get(&session)?;
        let tag = entry.tasks.get(&task)?.tag.clone();
        Some(Delivery { attachment: entry.attachment.clone()?, session, task, tag })
    }

    /// All outputs of a session that are there.
    pub(crate) fn ended(&self, session: u64) -> Vec<Delivery> {
        let Some(entry) = self.sessions.get(&session) else { return Vec::new() };
        let ended = entry.tasks.iter().filter(|(_, task)| task.phase == Phase::Ended);
        ended.filter_map(|(task, _)| self.delivery((session, *task))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(sessions: &[(u64, i32)]) -> State {
        let mut state = State::default();
        for (number, priority) in sessions {
            let facts = Facts {
                application: "app".into(),
                user: String::new(),
                name: String::new(),
                kind: String::new(),
                tag: String::new(),
                service: String::new(),
                priority: *priority,
                codec: 0,
            };
            let session = Session { facts, last_task: 0, tasks: BTreeMap::new(), attachment: None };
            state.sessions.insert(*number, session);
        }
        for worker in 1..=9 {
            let worker_of = Worker { application: "app".into(), pid: None, task: None, killed: false, adopted: None };
            state.workers.insert(worker, worker_of);
        }
        state
    }

    fn queue(state: &mut State, place: Place) {
        state.add(place, None, Phase::Queued);
        state.queue(place);
    }

    #[test]
    fn priority_comes_first_and_then_whoever_came_first() {
        let mut state = state(&[(1, 1), (2, 5), (3, 5)]);
        for place in [(1, 1), (3, 1), (2, 1), (2, 2)] {
            queue(&mut state, place);
        }
        let order: Vec<_> = (1..=4).map(|worker| state.next(worker, 9).unwrap()).collect();
        assert_eq!(order, [(3, 1), (2, 1), (2, 2), (1, 1)]);
    }

    #[test]
    fn no_more_run_than_the_limit_and_a_retry_comes_first() {
        let mut state = state(&[(1, 1)]);
        (1..=3).for_each(|task| queue(&mut state, (1, task)));
        assert_eq!((state.next(1, 2), state.next(2, 2), state.next(3, 2)), (Some((1, 1)), Some((1, 2)), None));
        assert_eq!(state.part(1), Some(((1, 1), true)));
        state.queue((1, 1));
        assert_eq!((state.next(3, 2), state.next(1, 2)), (Some((1, 1)), None));
    }

    #[test]
    fn what_was_removed_does_not_run_and_does_not_end() {
        let mut state = state(&[(1, 1)]);
        (1..=2).for_each(|task| queue(&mut state, (1, task)));
        assert_eq!(state.remove((1, 1)), Some(Phase::Queued));
        assert_eq!(state.next(1, 1), Some((1, 2)));
        assert_eq!(state.remove((1, 2)), Some(Phase::Running { worker: 1 }));
        assert_eq!(state.part(1), Some(((1, 2), false)));
        assert_eq!((state.next(1, 1), state.remove((1, 2))), (None, None));
    }
}
