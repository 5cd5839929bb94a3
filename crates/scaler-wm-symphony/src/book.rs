//! Which task is where: it waits, it is being submitted, it is out there, it has ended.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use foldhash::fast::RandomState;
use scaler_wm_core::TaskId;

use crate::ffi::Outcome;

/// Tells one session of ours from another.
pub(crate) type SessionKey = u32;

/// A task out there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) session: SessionKey,
    /// The id that the session has given to it.
    pub(crate) id: Arc<str>,
}

#[derive(Clone, Debug)]
enum State {
    /// It waits for its turn: this is the order of it that counts.
    Queued(u64),
    /// It is being submitted.
    Going,
    Out(Run),
    /// It was canceled: nobody hears of its end.
    Ending,
}

/// What is known of a task that is to be canceled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Withdrawn {
    /// It will not go out.
    InTime,
    /// It is being submitted: ask again when that is done.
    NotYet,
    Out(Run),
    /// It was canceled before.
    Before,
    /// It has ended, or was never there.
    Over,
}

/// An output that somebody waits for.
pub(crate) type Heard = Option<(TaskId, Outcome)>;

/// The tasks of a session by their ids.
type Ids = HashMap<Arc<str>, TaskId, RandomState>;

/// Which task is where.
#[derive(Debug, Default)]
pub(crate) struct Book {
    tasks: HashMap<TaskId, State, RandomState>,
    ids: HashMap<SessionKey, Ids, RandomState>,
    /// The session to which a task is being submitted.
    going: Option<SessionKey>,
    /// Outputs of that session that nobody knows, by their ids. They are few, however long a submit waits: that of the task
    /// itself, what comes twice, and what comes of canceled tasks. The history of a session, which may be long, comes when it is
    /// opened again, and to such a session nothing is submitted.
    early: Vec<(Box<str>, Outcome)>,
    /// Whether somebody waits until the task that is being submitted is out there.
    is_asked: bool,
    /// Tells one order of a task from an earlier one that was canceled.
    orders: u64,
    /// How often tasks were lost.
    losses: HashMap<TaskId, u32, RandomState>,
}

impl Book {
    /// Somebody submits a task; the number of the order, if it is new.
    pub(crate) fn enter(&mut self, task: &TaskId) -> Option<u64> {
        let Entry::Vacant(place) = self.tasks.entry(task.clone()) else { return None };
        self.orders += 1;
        place.insert(State::Queued(self.orders));
        Some(self.orders)
    }

    /// Where it is, if it is out there.
    pub(crate) fn run(&self, task: &TaskId) -> Option<&Run> {
        match self.tasks.get(task) {
            Some(State::Out(run)) => Some(run),
            _ => None,
        }
    }

    /// Whether this order of it still may go out.
    pub(crate) fn is_queued(&self, task: &TaskId, order: u64) -> bool {
        matches!(self.tasks.get(task), Some(State::Queued(counts)) if *counts == order)
    }

    /// It is submitted now, to this session; whether this order of it still may be. One at a time.
    pub(crate) fn begin(&mut self, task: &TaskId, order: u64, session: SessionKey) -> bool {
        match self.tasks.get_mut(task) {
            Some(state) if matches!(*state, State::Queued(counts) if counts == order) => {
                *state = State::Going;
                self.going = Some(session);
                true
            }
            _ => false,
        }
    }

    /// The submit is over; whether somebody has waited for that.
    pub(crate) fn end_submit(&mut self) -> bool {
        self.going = None;
        // What is left is of tasks whose outputs were told before. The next one uses the room.
        self.early.clear();
        std::mem::take(&mut self.is_asked)
    }

    /// It is out there under this id. What came of it, if that was quicker.
    pub(crate) fn out(&mut self, task: &TaskId, run: Run) -> Heard {
        if let Some(at) = self.early.iter().position(|(id, _)| **id == *run.id) {
            let (_, outcome) = self.early.swap_remove(at);
            self.over(task);
            return Some((task.clone(), outcome));
        }
        self.found(task, run);
        None
    }

    /// It was refused.
    pub(crate) fn refused(&mut self, task: &TaskId) {
        self.tasks.remove(task);
    }

    /// This order of it never goes out.
    pub(crate) fn drop_order(&mut self, task: &TaskId, order: u64) {
        if self.is_queued(task, order) {
            self.tasks.remove(task);
        }
    }

    /// Whether a session has tasks out there.
    pub(crate) fn is_idle(&self, session: SessionKey) -> bool {
        self.ids.get(&session).is_none_or(HashMap::is_empty)
    }

    /// It is out there.
    pub(crate) fn found(&mut self, task: &TaskId, run: Run) {
        self.ids.entry(run.session).or_default().insert(Arc::clone(&run.id), task.clone());
        match self.tasks.get_mut(task) {
            Some(state) => *state = State::Out(run),
            None => drop(self.tasks.insert(task.clone(), State::Out(run))),
        }
    }

    /// An output has come: told once, and not of what was canceled.
    pub(crate) fn heard(&mut self, session: SessionKey, id: &str, outcome: Outcome) -> Heard {
        let Some(task) = self.ids.get_mut(&session).and_then(|ids| ids.remove(id)) else {
            // Told twice, it is parked once.
            if self.going == Some(session) && self.early.iter().all(|(known, _)| **known != *id) {
                self.early.push((id.into(), outcome));
            }
            return None;
        };
        let is_wanted = matches!(self.over(&task), Some(State::Out(_)));
        is_wanted.then_some((task, outcome))
    }

    /// It is nowhere any more; where it was.
    fn over(&mut self, task: &TaskId) -> Option<State> {
        // Mostly nothing is lost, and no hash is made in vain.
        if !self.losses.is_empty() {
            self.losses.remove(task);
        }
        self.tasks.remove(task)
    }

    /// It is to be canceled.
    pub(crate) fn withdraw(&mut self, task: &TaskId) -> Withdrawn {
        match self.tasks.get(task) {
            Some(State::Queued(_)) => {
                self.over(task);
                Withdrawn::InTime
            }
            Some(State::Going) => {
                self.is_asked = true;
                Withdrawn::NotYet
            }
            Some(State::Out(run)) => Withdrawn::Out(run.clone()),
            Some(State::Ending) => Withdrawn::Before,
            None => Withdrawn::Over,
        }
    }

    /// It is canceled: whatever comes of it, nobody is told. Whether it was still out there.
    pub(crate) fn end(&mut self, task: &TaskId) -> bool {
        self.losses.remove(task);
        match self.tasks.get_mut(task) {
            Some(state @ State::Out(_)) => {
                *state = State::Ending;
                true
            }
            _ => false,
        }
    }

    /// It will surely not come back: nothing is kept of a task that was canceled.
    pub(crate) fn gone(&mut self, task: &TaskId, run: &Run) {
        if let Some(ids) = self.ids.get_mut(&run.session) {
            ids.remove(&run.id);
        }
        if matches!(self.tasks.get(task), Some(State::Ending)) {
            self.over(task);
        }
    }

    /// The tasks of a session that is there no more: those that somebody waits for.
    pub(crate) fn lose(&mut self, session: SessionKey) -> Vec<TaskId> {
        let ids = self.ids.remove(&session).unwrap_or_default();
        let mut lost = Vec::new();
        for task in ids.into_values() {
            if matches!(self.tasks.remove(&task), Some(State::Out(_))) {
                lost.push(task);
            }
        }
        lost
    }

    /// A task was lost once more: whether it may be lost so often.
    pub(crate) fn lost(&mut self, task: &TaskId, at_most: u32) -> bool {
        let losses = self.losses.entry(task.clone()).or_default();
        *losses += 1;
        let may = *losses <= at_most;
        if !may {
            self.losses.remove(task);
        }
        may
    }

    /// Tasks that wait for their turn never go out.
    pub(crate) fn withdraw_queued(&mut self) {
        self.tasks.retain(|_, state| !matches!(state, State::Queued(_)));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn task(name: &str) -> TaskId {
        TaskId::from(name)
    }

    fn run(session: SessionKey, id: &str) -> Run {
        Run { session, id: Arc::from(id) }
    }

    fn answer(text: &'static str) -> Outcome {
        Ok(Bytes::from_static(text.as_bytes()))
    }

    fn out(book: &mut Book, name: &str, run: Run) {
        let order = book.enter(&task(name)).expect("it is new");
        assert!(book.begin(&task(name), order, run.session));
        assert_eq!(book.out(&task(name), run), None);
        assert!(!book.end_submit(), "nobody has asked");
    }

    #[test]
    fn an_output_is_told_once() {
        let mut book = Book::default();
        out(&mut book, "a", run(1, "7"));
        assert!(book.enter(&task("a")).is_none(), "it is out there");
        assert_eq!(book.heard(2, "7", answer("another session's")), None);
        assert_eq!(book.heard(1, "7", answer("it")), Some((task("a"), answer("it"))));
        assert_eq!(book.heard(1, "7", answer("it")), None);
        assert!(book.enter(&task("a")).is_some(), "it has ended");
    }

    #[test]
    fn an_output_may_come_before_its_id() {
        let mut book = Book::default();
        out(&mut book, "old", run(1, "1"));
        assert!(book.heard(1, "1", answer("old")).is_some());
        let order = book.enter(&task("a")).expect("it is new");
        book.begin(&task("a"), order, 1);
        assert_eq!(book.heard(1, "1", answer("old, once more")), None);
        assert_eq!(book.heard(1, "2", answer("early")), None);
        assert_eq!(book.heard(1, "2", answer("early, once more")), None);
        assert_eq!(book.heard(2, "2", answer("another session's")), None);
        assert_eq!(book.out(&task("a"), run(1, "2")), Some((task("a"), answer("early"))));
        book.end_submit();
        assert_eq!(book.heard(1, "2", answer("early")), None, "once");
        assert!(book.early.is_empty() && book.is_idle(1));
        let order = book.enter(&task("b")).expect("it is new");
        book.begin(&task("b"), order, 1);
        assert_eq!(book.out(&task("b"), run(1, "1")), None, "what was early for another one is not kept");
    }

    #[test]
    fn a_cancel_finds_a_task_wherever_it_is() {
        let mut book = Book::default();
        assert_eq!(book.withdraw(&task("a")), Withdrawn::Over);
        let order = book.enter(&task("a")).expect("it is new");
        assert_eq!(book.withdraw(&task("a")), Withdrawn::InTime);
        assert!(!book.begin(&task("a"), order, 1), "it does not go out any more");
        let next = book.enter(&task("a")).expect("it is new again");
        assert!(!book.begin(&task("a"), order, 1), "that order was canceled");
        assert!(book.begin(&task("a"), next, 1));
        assert_eq!(book.withdraw(&task("a")), Withdrawn::NotYet);
        book.out(&task("a"), run(1, "7"));
        assert!(book.end_submit(), "who has asked is told");
        assert_eq!(book.withdraw(&task("a")), Withdrawn::Out(run(1, "7")));
        assert!(book.end(&task("a")) && !book.end(&task("a")));
        assert_eq!(book.withdraw(&task("a")), Withdrawn::Before);
        assert_eq!(book.heard(1, "7", answer("late")), None, "nobody is told");
        assert!(book.enter(&task("a")).is_some());
    }

    #[test]
    fn with_a_session_its_tasks_are_lost() {
        let mut book = Book::default();
        out(&mut book, "a", run(1, "1"));
        out(&mut book, "canceled", run(1, "2"));
        out(&mut book, "other", run(2, "1"));
        book.end(&task("canceled"));
        assert_eq!(book.lose(1), [task("a")]);
        assert!(book.lose(1).is_empty());
        assert!(book.lost(&task("a"), 1) && !book.lost(&task("a"), 1));
        assert!(book.enter(&task("a")).is_some(), "it can go out again");
    }
}
