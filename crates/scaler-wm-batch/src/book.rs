//! Which task is where: it waits for others, its job is made, it is out there, it has ended.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::TaskId;
use tokio::time::Instant;

use crate::job::Place;

/// How often a young job is looked at.
const SOONEST: Duration = Duration::from_millis(500);
/// How often an old one is.
const LATEST: Duration = Duration::from_secs(15);
/// A job is looked at after this share of its age: so much later than it could be is its end heard of, at most.
const SHARE_OF_AGE: u32 = 20;

/// A task out there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The id of its job, or of the array that it is a child of.
    pub(crate) job: Arc<str>,
    pub(crate) place: Place,
}

impl Run {
    /// The id under which Batch knows it.
    pub(crate) fn id(&self) -> String {
        self.place.id(&self.job)
    }

    /// All objects that there may be of it.
    pub(crate) fn objects(&self, prefix: &str) -> Vec<String> {
        let mut keys = self.place.results(prefix, &self.job).to_vec();
        keys.push(self.place.input(prefix));
        keys
    }
}

#[derive(Clone, Debug)]
enum State {
    /// It waits for others to go with: this is the offer of it that counts.
    Collected(u64),
    /// Its job is being made.
    Going,
    Out(Run),
    /// It is being taken out of the queue, if it is not too late for that.
    Leaving(Run),
    /// It was canceled, and is out there until Batch has ended it.
    Ending(Run),
    /// It has ended, and its result is on its way.
    Fetching(Run),
    /// Its end was told; what is kept of it is not released.
    Told(Run),
}

#[derive(Debug)]
struct Job {
    /// Those that have not ended.
    children: BTreeMap<Option<u32>, TaskId>,
    is_array: bool,
    /// How many of its children are known to have ended.
    ended: u32,
    since: Instant,
    next_look: Instant,
    /// Looks in a row that did not find it.
    misses: u32,
}

/// Children take this much of the time between two looks: ends that trickle in must not use up the pace of all looks.
const FOR_EACH_CHILD: Duration = Duration::from_millis(1);

/// What is known of a task that somebody submits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// Nothing: it waits for others now, as this offer. What is left of an earlier run goes.
    New(u64, Option<Run>),
    /// It is out there already.
    Known(Run),
    /// Somebody submits it just now.
    Busy,
}

/// What is known of a task that is to be canceled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Withdrawn {
    /// It will not go out.
    InTime,
    /// Its job is being made: ask again when that is done.
    NotYet,
    Out(Run),
    /// It was canceled before.
    Before,
    /// It has ended, or was never there.
    Over,
}

/// A task whose job has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) task: TaskId,
    pub(crate) run: Run,
    /// Whether it was canceled: nobody waits for its outcome.
    pub(crate) was_canceled: bool,
}

/// Which task is where.
#[derive(Debug, Default)]
pub(crate) struct Book {
    tasks: HashMap<TaskId, State>,
    jobs: HashMap<Arc<str>, Job>,
    /// Tells one offer of a task from an earlier one that was canceled.
    offers: u64,
    /// How often tasks were lost by the infrastructure.
    losses: HashMap<TaskId, u32>,
}

impl Book {
    pub(crate) fn enter(&mut self, task: &TaskId) -> Entered {
        let left = match self.tasks.get(task) {
            Some(State::Out(run) | State::Fetching(run)) => return Entered::Known(run.clone()),
            Some(State::Collected(_) | State::Going | State::Leaving(_) | State::Ending(_)) => return Entered::Busy,
            Some(State::Told(run)) => Some(run.clone()),
            None => None,
        };
        self.offers += 1;
        self.tasks.insert(task.clone(), State::Collected(self.offers));
        Entered::New(self.offers, left)
    }

    /// It goes out now; whether this offer of it still may.
    pub(crate) fn begin(&mut self, task: &TaskId, offer: u64) -> bool {
        match self.tasks.get_mut(task) {
            Some(state) if matches!(*state, State::Collected(counts) if counts == offer) => {
                *state = State::Going;
                true
            }
            _ => false,
        }
    }

    /// It is out there.
    pub(crate) fn out(&mut self, task: &TaskId, run: Run, now: Instant) {
        let job = self.jobs.entry(Arc::clone(&run.job)).or_insert_with(|| Job {
            children: BTreeMap::new(),
            is_array: run.place.index.is_some(),
            ended: 0,
            since: now,
            next_look: now + SOONEST,
            misses: 0,
        });
        job.children.insert(run.place.index, task.clone());
        self.tasks.insert(task.clone(), State::Out(run));
    }

    /// It is not out there, and nothing is left of it.
    pub(crate) fn forget(&mut self, task: &TaskId) {
        self.tasks.remove(task);
    }

    pub(crate) fn withdraw(&mut self, task: &TaskId) -> Withdrawn {
        match self.tasks.get(task) {
            Some(State::Collected(_)) => {
                self.tasks.remove(task);
                self.losses.remove(task);
                Withdrawn::InTime
            }
            Some(State::Going | State::Leaving(_)) => Withdrawn::NotYet,
            Some(State::Out(run)) => Withdrawn::Out(run.clone()),
            Some(State::Ending(_)) => Withdrawn::Before,
            None | Some(State::Fetching(_) | State::Told(_)) => Withdrawn::Over,
        }
    }

    /// It is about to be taken out of the queue; whether it is out there.
    pub(crate) fn leave(&mut self, task: &TaskId) -> bool {
        match self.tasks.get_mut(task) {
            Some(state) => match state {
                State::Out(run) => {
                    *state = State::Leaving(run.clone());
                    true
                }
                _ => false,
            },
            None => false,
        }
    }

    /// It is canceled; whether it was still out there.
    pub(crate) fn end(&mut self, task: &TaskId) -> bool {
        self.losses.remove(task);
        match self.tasks.get_mut(task) {
            Some(state) => match state {
                State::Out(run) | State::Leaving(run) => {
                    *state = State::Ending(run.clone());
                    true
                }
                _ => false,
            },
            None => false,
        }
    }

    /// It could not be canceled, and goes on; whether it is still out there.
    pub(crate) fn goes_on(&mut self, task: &TaskId) -> bool {
        match self.tasks.get_mut(task) {
            Some(state) => match state {
                State::Ending(run) | State::Leaving(run) => {
                    *state = State::Out(run.clone());
                    true
                }
                _ => false,
            },
            None => false,
        }
    }

    /// Whether every child of a job that has not ended was canceled.
    pub(crate) fn is_canceled_whole(&self, job: &str) -> bool {
        let is_ending = |task: &TaskId| matches!(self.tasks.get(task), Some(State::Ending(_)));
        self.jobs.get(job).is_some_and(|job| job.children.values().all(is_ending))
    }

    /// The jobs that are to be looked at now, as long as each may wait for its next look, and when the next one is due.
    pub(crate) fn due(&mut self, now: Instant) -> (Vec<Arc<str>>, Option<Instant>) {
        let mut due = Vec::new();
        for (id, job) in &mut self.jobs {
            if job.next_look <= now {
                let children = FOR_EACH_CHILD * u32::try_from(job.children.len()).unwrap_or(u32::MAX);
                job.next_look = now + ((now - job.since) / SHARE_OF_AGE).max(children).clamp(SOONEST, LATEST);
                due.push(Arc::clone(id));
            }
        }
        (due, self.jobs.values().map(|job| job.next_look).min())
    }

    /// The ids of the children of an array that are to be looked at, now that so many of them have ended; none where the
    /// job is no array, or no further child has ended.
    pub(crate) fn children(&mut self, job: &str, ended: Option<u32>, has_ended: bool) -> Vec<String> {
        let Some(found) = self.jobs.get_mut(job) else { return Vec::new() };
        // Of an array that has ended, children may be missing.
        if !has_ended {
            found.misses = 0;
        }
        if !found.is_array || (!has_ended && ended.is_some_and(|ended| ended <= found.ended)) {
            return Vec::new();
        }
        found.children.keys().flatten().map(|index| format!("{job}:{index}")).collect()
    }

    /// A look did not find a job: how many did in a row.
    pub(crate) fn missed(&mut self, job: &str) -> u32 {
        let misses = self.jobs.get_mut(job).map(|job| {
            job.misses += 1;
            job.misses
        });
        misses.unwrap_or_default()
    }

    /// The ids of all children of a job that have not ended, or its own.
    pub(crate) fn ids(&self, job: &str) -> Vec<String> {
        let children = self.jobs.get(job).into_iter().flat_map(|found| found.children.keys());
        children.map(|index| index.map_or_else(|| job.to_owned(), |index| format!("{job}:{index}"))).collect()
    }

    /// A job, or a child of one, has ended, and maybe by us; told once.
    pub(crate) fn ended(&mut self, id: &str, is_ours: bool) -> Option<Ended> {
        let (job, index) = match id.rsplit_once(':') {
            Some((job, index)) => (job, Some(index.parse().ok()?)),
            None => (id, None),
        };
        let found = self.jobs.get_mut(job)?;
        let task = found.children.remove(&index)?;
        found.ended += 1;
        if found.children.is_empty() {
            self.jobs.remove(job);
        }
        let state = self.tasks.get_mut(&task)?;
        let (run, was_canceled) = match state {
            State::Out(run) => (run.clone(), false),
            State::Leaving(run) => (run.clone(), is_ours),
            State::Ending(run) => (run.clone(), true),
            _ => return None,
        };
        if was_canceled {
            *state = State::Ending(run.clone());
        } else {
            *state = State::Fetching(run.clone());
        }
        Some(Ended { task, run, was_canceled })
    }

    /// Its end is told now.
    pub(crate) fn told(&mut self, task: &TaskId) {
        self.losses.remove(task);
        if let Some(state @ State::Fetching(_)) = self.tasks.get_mut(task)
            && let State::Fetching(run) = state
        {
            *state = State::Told(run.clone());
        }
    }

    /// The infrastructure has lost it once more: whether it may be lost so often.
    pub(crate) fn lost(&mut self, task: &TaskId, at_most: u32) -> bool {
        let losses = self.losses.entry(task.clone()).or_default();
        *losses += 1;
        *losses <= at_most
    }

    /// What is kept of these can go: those whose end was told. What was submitted anew since stays.
    pub(crate) fn release(&mut self, tasks: &[TaskId]) -> Vec<Run> {
        let mut runs = Vec::new();
        for task in tasks {
            if let Some(State::Told(run)) = self.tasks.get(task) {
                runs.push(run.clone());
                self.tasks.remove(task);
            }
        }
        runs
    }

    /// The tasks that are not out there so far are never to be.
    pub(crate) fn withdraw_collected(&mut self) {
        self.tasks.retain(|_, state| !matches!(state, State::Collected(_)));
    }

    /// Whether the job of any task is being made.
    pub(crate) fn is_sending(&self) -> bool {
        self.tasks.values().any(|state| matches!(state, State::Going))
    }

    /// Whether anything runs, or ends, or comes back.
    pub(crate) fn is_busy(&self) -> bool {
        self.tasks.values().any(|state| !matches!(state, State::Told(_)))
    }

    /// How many tasks are out there, or on their way.
    pub(crate) fn unfinished(&self) -> usize {
        let is_there = |state: &&State| !matches!(state, State::Told(_) | State::Fetching(_) | State::Collected(_));
        self.tasks.values().filter(is_there).count()
    }

    /// The tasks that are out there.
    pub(crate) fn running(&self) -> Vec<TaskId> {
        let is_out = |(task, state): (&TaskId, &State)| matches!(state, State::Out(_)).then(|| task.clone());
        self.tasks.iter().filter_map(is_out).collect()
    }

    /// Everything that there is of any task, for good.
    pub(crate) fn take_all(&mut self) -> Vec<Run> {
        self.jobs.clear();
        let runs = self.tasks.drain().filter_map(|(_, state)| match state {
            State::Out(run) | State::Leaving(run) | State::Ending(run) | State::Fetching(run) | State::Told(run) => {
                Some(run)
            }
            State::Collected(_) | State::Going => None,
        });
        runs.collect()
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
