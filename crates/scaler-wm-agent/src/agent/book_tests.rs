use bytes::Bytes;
use scaler_wm_wire::message::{self, ClientId, Task};

use super::*;

fn job(name: &str, priority: i32) -> Job {
    let mut metadata = vec![1];
    metadata.extend_from_slice(&priority.to_be_bytes());
    metadata.push(0);
    Job::from(Task {
        id: message::TaskId::from(name.as_bytes()),
        source: ClientId::from(&b"Client|x"[..]),
        metadata: Bytes::from(metadata),
        ..Task::default()
    })
}

fn task(name: &str) -> TaskId {
    TaskId::from(name)
}

fn book(concurrency: u32, jobs: &[(&str, i32)]) -> Book {
    let mut book = Book::new(concurrency);
    jobs.iter().for_each(|(name, priority)| assert!(book.take(job(name, *priority))));
    book
}

fn start(book: &mut Book, mode: Mode) -> Vec<String> {
    let started = std::iter::from_fn(|| book.start(mode, Instant::now()));
    started.map(|job| String::from_utf8_lossy(job.task.as_bytes()).into_owned()).collect()
}

/// What the scheduler is told at the end of a task.
fn end(book: &mut Book, name: &str) -> Option<TaskId> {
    match book.ended(done(name)) {
        AfterEnd::Announce(done) => Some(done.task),
        AfterEnd::Wait | AfterEnd::Discard(_) => None,
    }
}

fn done(name: &str) -> Done {
    Done::of(task(name))
}

#[test]
fn the_higher_priority_goes_first_and_then_whoever_came_first() {
    let mut book = book(10, &[("a", 0), ("b", 3), ("c", 0), ("d", 3)]);
    assert_eq!(start(&mut book, Mode::Working), ["b", "d", "a", "c"]);
}

#[test]
fn no_more_run_than_allowed_but_those_that_all_others_may_wait_for() {
    let mut book = book(2, &[("a", 0), ("b", 0), ("c", 0)]);
    assert_eq!(start(&mut book, Mode::Working), ["a", "b"]);
    assert!(book.take(job("inner", 1)));
    assert!(book.take(job("other inner", 1)));
    assert_eq!(start(&mut book, Mode::Working), ["inner"], "the second waits: it may be of the same task");
    assert_eq!(end(&mut book, "inner"), Some(task("inner")));
    assert_eq!(start(&mut book, Mode::Working), ["other inner"]);
}

#[test]
fn who_hands_back_starts_only_what_runs_may_wait_for() {
    let mut book = book(2, &[("a", 0), ("b", 0), ("c", 0)]);
    start(&mut book, Mode::Working);
    assert!(book.take(job("inner", 1)));
    assert!(start(&mut book, Mode::Holding).is_empty());
    assert_eq!(start(&mut book, Mode::HandingBack), ["inner"]);
    for name in ["inner", "a", "b"] {
        end(&mut book, name);
    }
    assert!(start(&mut book, Mode::HandingBack).is_empty(), "nothing runs that could wait");
    assert_eq!((book.queued(), book.count_under_way()), (1, 0));
}

#[test]
fn a_task_that_comes_twice_is_one() {
    let mut book = book(1, &[("a", 0), ("a", 0), ("b", 0), ("b", 0)]);
    assert_eq!(start(&mut book, Mode::Working), ["a"]);
    assert!(book.take(job("a", 0)));
    assert_eq!(book.queued(), 1);
}

#[test]
fn what_waits_is_dropped_and_what_nobody_has_is_not_found() {
    let mut book = book(1, &[("a", 0), ("b", 0)]);
    start(&mut book, Mode::Working);
    assert_eq!(book.cancel(&task("b")), OnCancel::Dropped);
    assert_eq!(book.cancel(&task("b")), OnCancel::NotFound);
    assert_eq!(book.cancel(&task("a")), OnCancel::Ask);
    assert!(!book.is_idle());
}

#[test]
fn an_end_waits_for_the_answer_to_a_cancel() {
    for (answer, force, is_canceled) in [
        (Canceled::No, false, false),
        (Canceled::No, true, false),
        (Canceled::Ended, false, false),
        (Canceled::Ended, true, true),
    ] {
        let mut book = book(1, &[("a", 0)]);
        start(&mut book, Mode::Working);
        book.cancel(&task("a"));
        assert!(matches!(book.ended(done("a")), AfterEnd::Wait), "the scheduler would not take it now");
        match book.canceled(&task("a"), answer, force) {
            AfterCancel::Canceled(Some(held)) if is_canceled => assert_eq!(held.task, task("a")),
            AfterCancel::GoesOn(Some(held)) if !is_canceled => assert_eq!(held.task, task("a")),
            other => panic!("{other:?}"),
        }
        assert!(book.is_idle());
    }
}

#[test]
fn what_ends_behind_its_cancel_is_of_no_use() {
    let mut book = book(1, &[("a", 0)]);
    start(&mut book, Mode::Working);
    book.cancel(&task("a"));
    assert!(matches!(book.canceled(&task("a"), Canceled::Ended, true), AfterCancel::Canceled(None)));
    assert!(matches!(book.ended(done("a")), AfterEnd::Discard(_)));
}

#[test]
fn the_last_of_several_cancels_lets_the_end_go() {
    let mut book = book(1, &[("a", 0)]);
    start(&mut book, Mode::Working);
    book.cancel(&task("a"));
    book.cancel(&task("a"));
    assert_eq!(end(&mut book, "a"), None);
    assert!(matches!(book.canceled(&task("a"), Canceled::No, false), AfterCancel::GoesOn(None)));
    assert!(matches!(book.canceled(&task("a"), Canceled::No, false), AfterCancel::GoesOn(Some(_))));
    assert!(matches!(book.canceled(&task("a"), Canceled::No, false), AfterCancel::Forgotten));
}

#[test]
fn what_is_canceled_frees_its_place() {
    let mut book = book(1, &[("a", 0), ("b", 0)]);
    start(&mut book, Mode::Working);
    book.cancel(&task("a"));
    // It is gone before the answer comes.
    book.lost(&task("a"));
    assert!(start(&mut book, Mode::Working).is_empty());
    assert!(matches!(book.canceled(&task("a"), Canceled::Yes, true), AfterCancel::Canceled(None)));
    assert_eq!(start(&mut book, Mode::Working), ["b"]);
}

#[test]
fn what_went_to_another_agent_does_not_stay_here() {
    let mut book = book(1, &[("a", 0)]);
    start(&mut book, Mode::Working);
    book.cancel(&task("a"));
    book.lost(&task("a"));
    assert!(matches!(book.canceled(&task("a"), Canceled::No, false), AfterCancel::GoesOn(None)));
    assert!(book.is_idle());
}
