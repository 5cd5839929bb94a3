use super::*;
use crate::message::{ProcessorStatus, TaskCount, TaskId};

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn task(name: &str, state: TaskState, worker: &str) -> StateTask {
    StateTask { worker: WorkerId::from(worker), ..StateTask::new(TaskId::from(name.as_bytes()), state) }
}

fn worker(name: &str, state: WorkerState) -> StateWorker {
    StateWorker { worker: WorkerId::from(name), state, capabilities: Vec::new() }
}

fn status(name: &str, sent: u32) -> WorkerStatus {
    WorkerStatus { sent, ..WorkerStatus::new(WorkerId::from(name)) }
}

fn report(waiting: u32, workers: Vec<WorkerStatus>) -> StateScheduler {
    let tasks = vec![TaskCount { state: 0, count: waiting }, TaskCount { state: 1, count: 9 }];
    StateScheduler { tasks, workers, ..StateScheduler::default() }
}

fn live() -> LoadTracker {
    let mut tracker = LoadTracker::default();
    tracker.connected(at(1));
    tracker
}

fn load(tracker: &LoadTracker, name: &str) -> WorkerLoad {
    tracker.snapshot().workers[&WorkerId::from(name)].clone()
}

#[test]
fn follows_a_task_from_waiting_to_its_end() {
    let mut tracker = live();
    assert!(tracker.worker(&worker("w", WorkerState::Connected), at(2)).workers);
    assert!(tracker.task(&task("t", TaskState::Inactive, ""), at(3)).first_waiting);
    assert!(!tracker.task(&task("u", TaskState::Inactive, ""), at(3)).first_waiting);
    assert_eq!(tracker.snapshot().waiting, 2);
    tracker.task(&task("t", TaskState::Running, "w"), at(4));
    tracker.task(&task("u", TaskState::Running, "w"), at(5));
    assert_eq!(tracker.snapshot().waiting, 0);
    assert_eq!(load(&tracker, "w"), WorkerLoad { running: 1, queued: 1, running_since: None, as_of: at(5) });
    tracker.task(&task("t", TaskState::Canceling, "w"), at(6));
    assert_eq!(load(&tracker, "w").tasks(), 2);
    // The end names no worker.
    tracker.task(&task("t", TaskState::Success, ""), at(7));
    tracker.task(&task("u", TaskState::Inactive, ""), at(8));
    assert!(load(&tracker, "w").is_idle());
    assert_eq!((tracker.snapshot().waiting, tracker.tasks.len()), (1, 0));
    assert!(tracker.worker(&worker("w", WorkerState::Disconnected), at(9)).workers);
    assert!(tracker.snapshot().workers.is_empty());
}

#[test]
fn a_task_that_moves_counts_at_its_new_worker_only() {
    let mut tracker = live();
    tracker.task(&task("t", TaskState::Running, "a"), at(2));
    tracker.task(&task("t", TaskState::Running, "b"), at(3));
    assert_eq!((load(&tracker, "a").tasks(), load(&tracker, "b").tasks()), (0, 1));
    tracker.worker(&worker("b", WorkerState::Disconnected), at(4));
    tracker.worker(&worker("b", WorkerState::Connected), at(5));
    // Of the old connection under the same name: the new one has nothing to do with it.
    tracker.task(&task("t", TaskState::Running, "a"), at(6));
    assert_eq!((load(&tracker, "a").tasks(), load(&tracker, "b").tasks()), (1, 0));
}

#[test]
fn who_connects_in_the_middle_of_work_learns_it_from_the_report() {
    let mut tracker = live();
    assert_eq!(tracker.is_connected(&WorkerId::from("w")), None);
    assert!(tracker.report(&report(5, vec![status("w", 3)]), at(2)).workers);
    assert_eq!((load(&tracker, "w").tasks(), tracker.snapshot().waiting), (3, 5));
    assert_eq!(tracker.is_connected(&WorkerId::from("w")), Some(true));
    assert_eq!(tracker.is_connected(&WorkerId::from("x")), Some(false));
    tracker.task(&task("t", TaskState::Running, "w"), at(3));
    tracker.task(&task("t", TaskState::Success, ""), at(4));
    assert_eq!(load(&tracker, "w").tasks(), 3, "those that nobody saw start are still there");
    tracker.report(&report(0, vec![status("w", 0)]), at(5));
    assert_eq!(load(&tracker, "w"), WorkerLoad { running: 0, queued: 0, running_since: None, as_of: at(5) });
}

#[test]
fn an_event_outweighs_an_older_report_and_two_reports_outweigh_an_event() {
    let mut tracker = live();
    tracker.worker(&worker("w", WorkerState::Connected), at(2));
    tracker.report(&report(0, vec![status("w", 2)]), at(3));
    assert_eq!(load(&tracker, "w").tasks(), 2);
    tracker.task(&task("t", TaskState::Running, "w"), at(4));
    assert_eq!(load(&tracker, "w").tasks(), 1);
    tracker.report(&report(0, vec![status("w", 0)]), at(5));
    assert_eq!(load(&tracker, "w"), WorkerLoad { running: 1, queued: 0, running_since: None, as_of: at(5) });
    tracker.report(&report(0, vec![status("w", 0)]), at(6));
    assert!(load(&tracker, "w").is_idle());
    assert_eq!(tracker.tasks.len(), 0);
}

#[test]
fn a_worker_that_two_reports_do_not_list_is_gone() {
    let mut tracker = live();
    tracker.task(&task("t", TaskState::Running, "w"), at(2));
    assert!(!tracker.report(&report(0, Vec::new()), at(3)).workers);
    assert!(tracker.report(&report(0, Vec::new()), at(4)).workers);
    assert!(tracker.snapshot().workers.is_empty());
    assert_eq!(tracker.tasks.len(), 0);
}

#[test]
fn suspended_tasks_do_not_wait() {
    let mut tracker = live();
    let processor = |suspended, task_age_seconds| ProcessorStatus {
        has_task: true,
        suspended,
        task_age_seconds,
        ..ProcessorStatus::default()
    };
    let mut busy = status("w", 5);
    busy.processors = vec![processor(true, 60), processor(false, 2), processor(false, 7)];
    tracker.report(&report(0, vec![busy]), at(20_000));
    let expected = WorkerLoad { running: 3, queued: 2, running_since: Some(at(13_000)), as_of: at(20_000) };
    assert_eq!(load(&tracker, "w"), expected);
}

#[test]
fn a_burst_leaves_no_memory_behind() {
    let mut tracker = live();
    for number in 0..100_000 {
        tracker.task(&task(&number.to_string(), TaskState::Inactive, ""), at(2));
    }
    assert_eq!((tracker.snapshot().waiting, tracker.tasks.capacity()), (100_000, 0));
    for number in 0..100_000 {
        tracker.task(&task(&number.to_string(), TaskState::Running, "w"), at(3));
    }
    assert_eq!((tracker.snapshot().waiting, load(&tracker, "w").tasks()), (0, 100_000));
    for number in 0..100_000 {
        tracker.task(&task(&number.to_string(), TaskState::Success, ""), at(4));
    }
    assert!(load(&tracker, "w").is_idle());
    assert!(tracker.tasks.capacity() < 2048, "{}", tracker.tasks.capacity());
}

#[test]
fn a_lost_monitor_knows_nothing() {
    let mut tracker = live();
    tracker.task(&task("t", TaskState::Running, "w"), at(2));
    tracker.lost();
    assert!(tracker.snapshot().workers.is_empty());
    assert_eq!(tracker.snapshot().live_since, None);
}

#[test]
fn workers_beyond_the_bound_are_not_known_and_the_others_are() {
    let mut tracker = live();
    for number in 0..MOST_WORKERS {
        tracker.worker(&worker(&format!("w{number}"), WorkerState::Connected), at(2));
    }
    let change = tracker.worker(&worker("one more", WorkerState::Connected), at(3));
    assert!(!change.workers && tracker.task(&task("t", TaskState::Running, "one more"), at(3)) == Change::default());
    tracker.report(&report(0, vec![status("one more", 3), status("w1", 2)]), at(4));
    assert_eq!((tracker.workers.len(), tracker.slots.len(), tracker.tasks.len()), (MOST_WORKERS, MOST_WORKERS, 0));
    assert_eq!(load(&tracker, "w1").running + load(&tracker, "w1").queued, 2);
    tracker.worker(&worker("w0", WorkerState::Disconnected), at(5));
    assert!(tracker.worker(&worker("one more", WorkerState::Connected), at(6)).workers, "there is room again");
}
