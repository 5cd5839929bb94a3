//! What every task executor has to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    CancelOutcome, Close, Completion, ErrorKind, Submission, TaskEntry, TaskExecutor, TaskId, TaskOutcome, Ticket,
};
use tokio::time::{Instant, timeout};

use crate::Work;

/// An executor under test, and tasks that it can run.
#[async_trait]
pub trait ExecutorFixture: Send + Sync {
    /// A fresh connection, as a new process makes it, to where the last one's tasks are.
    async fn executor(&self) -> Arc<dyn TaskExecutor>;

    /// A task of this work.
    fn submission(&self, task: TaskId, work: &Work) -> Submission;

    /// Whether these bytes are what [`Work::Returns`] with `bytes` returns.
    fn is_returned(&self, answer: &[u8], bytes: &[u8]) -> bool {
        answer == bytes
    }

    /// Whether these bytes are the exception that [`Work::Raises`] with `text` raises.
    fn is_raised(&self, answer: &[u8], text: &str) -> bool;

    /// Whether a task has begun out there; `None` where nobody can tell.
    fn has_begun(&self, _task: &TaskId) -> Option<bool> {
        None
    }

    /// What an executor has put on record by itself about a task that it was about to hand over; `None` where it puts
    /// nothing there.
    async fn on_record(&self, _task: &TaskId) -> Option<Bytes> {
        None
    }

    /// Whether a task is found by a later process although nobody has lived to see its ticket.
    fn finds_unheard(&self) -> bool {
        true
    }

    /// How long a check may wait for what has to happen.
    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// How long a check waits for what must not happen.
    fn silence(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// Runs every check, each with a fresh executor.
///
/// # Panics
/// When a check fails; the message begins with its name.
pub async fn executor_suite(fixture: &dyn ExecutorFixture) {
    each_task_of_a_batch_comes_back_with_its_own(fixture).await;
    a_cancel_ends_a_task_that_runs_only_by_force(fixture).await;
    a_cancel_of_what_nobody_has_is_not_found(fixture).await;
    a_task_can_be_canceled_while_it_is_handed_over(fixture).await;
    a_canceled_task_can_be_handed_over_again(fixture).await;
    no_completion_is_lost_between_two_questions(fixture).await;
    a_close_ends_what_runs(fixture).await;
    what_was_kept_is_recovered(fixture).await;
}

struct Tried<'a> {
    check: &'static str,
    fixture: &'a dyn ExecutorFixture,
    executor: Arc<dyn TaskExecutor>,
}

impl<'a> Tried<'a> {
    async fn new(check: &'static str, fixture: &'a dyn ExecutorFixture) -> Tried<'a> {
        Self { check, fixture, executor: fixture.executor().await }
    }

    #[track_caller]
    fn expect(&self, holds: bool, what: &str) {
        assert!(holds, "{}: expected {what}", self.check);
    }

    fn task(&self, name: &str) -> TaskId {
        // As long as those of the released clients; the name of the check keeps those of one cluster apart.
        let mut bytes = [0_u8; 16];
        for (index, byte) in self.check.bytes().chain(name.bytes()).enumerate() {
            bytes[index % 16] = byte.rotate_left(3) ^ bytes[index % 16].wrapping_mul(31);
        }
        TaskId::from(&bytes)
    }

    async fn submit(&self, tasks: &[(&TaskId, Work)]) -> Vec<Ticket> {
        let submissions = tasks.iter().map(|(task, work)| self.fixture.submission((*task).clone(), work)).collect();
        let answers = self.executor.submit(submissions).await;
        let answered: BTreeSet<&TaskId> = answers.iter().map(|(task, _)| task).collect();
        let asked: BTreeSet<&TaskId> = tasks.iter().map(|(task, _)| *task).collect();
        self.expect(answers.len() == tasks.len() && answered == asked, "one answer for each task");
        answers
            .into_iter()
            .map(|(task, answer)| answer.unwrap_or_else(|error| panic!("{}: {task} was refused: {error}", self.check)))
            .collect()
    }

    async fn next(&self) -> Completion {
        let next = timeout(self.fixture.patience(), self.executor.next()).await;
        next.unwrap_or_else(|_| panic!("{}: no task ended in time", self.check))
    }

    async fn cancel(&self, task: &TaskId, force: bool) -> CancelOutcome {
        let mut answers = self.executor.cancel(std::slice::from_ref(task), force).await;
        self.expect(answers.len() == 1 && answers[0].0 == *task, "one answer for the task");
        match answers.remove(0).1 {
            Ok(outcome) => outcome,
            Err(error) => panic!("{}: a cancel failed: {error}", self.check),
        }
    }

    async fn is_silent(&self) -> bool {
        timeout(self.fixture.silence(), self.executor.next()).await.is_err()
    }

    /// Cancels a task by force, as often as it takes to be told that it is canceled.
    async fn cancel_by_force(&self, task: &TaskId) {
        let until = Instant::now() + self.fixture.patience();
        while self.cancel(task, true).await != CancelOutcome::Canceled {
            self.expect(Instant::now() < until, "a cancel by force that ends a task");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn finish(self) {
        let closed = self.executor.close(Close::Cancel).await;
        self.expect(closed.is_ok(), &format!("a clean end, not {closed:?}"));
    }
}

fn long() -> Work {
    Work::Takes(Duration::from_secs(600), Bytes::from_static(b"late"))
}

fn short(bytes: &'static [u8]) -> Work {
    Work::Returns(Bytes::from_static(bytes))
}

async fn each_task_of_a_batch_comes_back_with_its_own(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("each_task_of_a_batch_comes_back_with_its_own", fixture).await;
    let names = ["one", "two", "three"].map(|name| tried.task(name));
    let works = [short(b"first"), Work::Raises("no such luck".to_owned()), short(b"")];
    let tasks: Vec<_> = names.iter().zip(works.clone()).collect();
    tried.submit(&tasks).await;
    let mut outcomes = BTreeMap::new();
    for _ in &names {
        let completion = tried.next().await;
        tried.expect(outcomes.insert(completion.task, completion.outcome).is_none(), "each completion once");
    }
    for (name, work) in names.iter().zip(&works) {
        let is_right = match (work, &outcomes[name]) {
            (Work::Raises(text), TaskOutcome::Raised(answer)) => fixture.is_raised(answer, text),
            (Work::Returns(bytes), TaskOutcome::Returned(answer)) => fixture.is_returned(answer, bytes),
            _ => false,
        };
        tried.expect(is_right, &format!("what {work:?} makes, not {:?}", outcomes[name]));
    }
    tried.expect(tried.is_silent().await, "nothing further");
    tried.finish().await;
}

async fn a_cancel_ends_a_task_that_runs_only_by_force(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("a_cancel_ends_a_task_that_runs_only_by_force", fixture).await;
    let [kept, ended] = ["kept", "ended"].map(|name| tried.task(name));
    tried.submit(&[(&kept, long()), (&ended, long())]).await;
    let has_begun = fixture.has_begun(&kept);
    let outcome = tried.cancel(&kept, false).await;
    tried.expect(has_begun != Some(true) || outcome == CancelOutcome::Running, "a task that runs to be let alone");
    if outcome != CancelOutcome::Canceled {
        // It has come to run, and has not been hurt.
        tried.expect(tried.cancel(&kept, false).await == CancelOutcome::Running, "a task that runs on");
        tried.cancel_by_force(&kept).await;
    }
    tried.cancel_by_force(&ended).await;
    tried.expect(tried.is_silent().await, "no completion of what was canceled");
    let other = tried.task("other");
    tried.submit(&[(&other, short(b"well"))]).await;
    tried.expect(tried.next().await.task == other, "the other task to end");
    tried.finish().await;
}

async fn a_cancel_of_what_nobody_has_is_not_found(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("a_cancel_of_what_nobody_has_is_not_found", fixture).await;
    for force in [false, true] {
        let outcome = tried.cancel(&tried.task("nobody"), force).await;
        tried.expect(outcome == CancelOutcome::NotFound, "a task that nobody has");
    }
    let done = tried.task("done");
    tried.submit(&[(&done, short(b"done"))]).await;
    tried.next().await;
    tried.expect(tried.cancel(&done, true).await == CancelOutcome::NotFound, "a task that has ended");
    tried.finish().await;
}

async fn a_task_can_be_canceled_while_it_is_handed_over(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("a_task_can_be_canceled_while_it_is_handed_over", fixture).await;
    let task = tried.task("hasty");
    let submission = fixture.submission(task.clone(), &long());
    let (answers, ()) = tokio::join!(tried.executor.submit(vec![submission]), tried.cancel_by_force(&task));
    tried.expect(answers.len() == 1, "an answer all the same");
    tried.expect(tried.is_silent().await, "no completion of what was canceled");
    tried.finish().await;
}

async fn a_canceled_task_can_be_handed_over_again(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("a_canceled_task_can_be_handed_over_again", fixture).await;
    let task = tried.task("wanted again");
    let first = fixture.submission(task.clone(), &long());
    let (answers, ()) = tokio::join!(tried.executor.submit(vec![first]), async {
        tried.cancel_by_force(&task).await;
        let until = Instant::now() + tried.fixture.patience();
        loop {
            // Where the first one is still being ended, this one may have to wait for that.
            let second = fixture.submission(task.clone(), &short(b"again"));
            let mut answers = tried.executor.submit(vec![second]).await;
            match answers.pop() {
                Some((_, Ok(_))) => break,
                Some((_, Err(error))) if error.kind() == ErrorKind::Transient => {
                    tried.expect(Instant::now() < until, "a task that is taken again");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => panic!("{}: the second time: {other:?}", tried.check),
            }
        }
    });
    let is_told_so = |error: &scaler_wm_core::Error| error.kind() == ErrorKind::Conflict;
    tried.expect(answers[0].1.as_ref().err().is_none_or(is_told_so), "a conflict, if it was not taken");
    let completion = tried.next().await;
    let is_second = matches!(&completion.outcome, TaskOutcome::Returned(bytes) if fixture.is_returned(bytes, b"again"));
    tried.expect(is_second, &format!("what the second one returns, not {completion:?}"));
    tried.expect(tried.is_silent().await, "nothing of the first one");
    tried.finish().await;
}

async fn no_completion_is_lost_between_two_questions(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("no_completion_is_lost_between_two_questions", fixture).await;
    let names: Vec<TaskId> = (0..5).map(|index| tried.task(&format!("task {index}"))).collect();
    let tasks: Vec<_> = names.iter().map(|name| (name, short(b"here"))).collect();
    tried.submit(&tasks).await;
    let until = Instant::now() + fixture.patience();
    let mut ended = BTreeSet::new();
    while ended.len() < names.len() {
        tried.expect(Instant::now() < until, "all of them to end");
        // Given up in the middle, over and over.
        if let Ok(completion) = timeout(Duration::from_millis(1), tried.executor.next()).await {
            tried.expect(ended.insert(completion.task), "each completion once");
        }
    }
    tried.finish().await;
}

async fn a_close_ends_what_runs(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("a_close_ends_what_runs", fixture).await;
    let task = tried.task("left");
    let tickets = tried.submit(&[(&task, long())]).await;
    tried.expect(tried.executor.close(Close::Cancel).await.is_ok(), "a clean end");
    let known = tickets.into_iter().map(|ticket| TaskEntry { task: ticket.task, handle: Some(ticket.handle) });
    let next = Tried { executor: fixture.executor().await, ..tried };
    let found = next.executor.recover(known.collect()).await;
    let is_gone = match found {
        Ok(tickets) if tickets.is_empty() => true,
        // Ended, and told as that.
        Ok(_) => matches!(next.next().await.outcome, TaskOutcome::Failed(_)),
        Err(_) => false,
    };
    next.expect(is_gone, "nothing that runs on");
    next.finish().await;
}

async fn what_was_kept_is_recovered(fixture: &dyn ExecutorFixture) {
    let tried = Tried::new("what_was_kept_is_recovered", fixture).await;
    if tried.executor.info().outlives {
        let [running, done, lost] = ["running", "done", "lost"].map(|name| tried.task(name));
        let tickets = tried.submit(&[(&running, long()), (&done, short(b"kept")), (&lost, short(b"found"))]).await;
        tried.expect(tried.executor.close(Close::Keep).await.is_ok(), "a clean end");
        let mut known = Vec::new();
        for Ticket { task, handle } in tickets {
            // Nobody has lived to see the ticket of this one.
            let handle = if task == lost { fixture.on_record(&task).await } else { Some(handle) };
            known.push(TaskEntry { task, handle });
        }
        known.push(TaskEntry { task: tried.task("never"), handle: None });
        let next = Tried { executor: fixture.executor().await, ..tried };
        let found = next.executor.recover(known).await.unwrap_or_else(|error| panic!("{}: {error}", next.check));
        let found: BTreeSet<TaskId> = found.into_iter().map(|ticket| ticket.task).collect();
        let mut ending = BTreeSet::from([done]);
        ending.extend(fixture.finds_unheard().then_some(lost));
        let mut expected = ending.clone();
        expected.insert(running.clone());
        next.expect(found == expected, &format!("{expected:?}, not {found:?}"));
        let mut ended = BTreeSet::new();
        while ended.len() < ending.len() {
            next.expect(ended.insert(next.next().await.task), "each completion once");
        }
        next.expect(ended == ending, "those that are done to end");
        next.cancel_by_force(&running).await;
        return next.finish().await;
    }
    tried.finish().await;
}
