use super::*;
use crate::message::{self, Capability, ManagedWorkers, TaskCount, WorkerStatus};

const NOW: Timestamp = Timestamp::from_millis(0);

fn feed() -> Feed {
    let mut feed = Feed::new(&Policy::new("simple", "allocate=even_load; scaling=capability").unwrap(), None);
    let offer = Offer::new(Limit::AtMost(9), Capabilities::default());
    feed.manager(ManagerId::from("ours"), offer);
    feed
}

fn event(task: &str, state: TaskState, capability: &str) -> StateTask {
    let capabilities = [capability].into_iter().filter(|name| !name.is_empty());
    StateTask {
        capabilities: capabilities.map(|name| Capability { name: name.to_owned(), value: NO_QUANTITY }).collect(),
        ..StateTask::new(message::TaskId::from(task.as_bytes()), state)
    }
}

fn report(live: &[(TaskState, u32)], workers: &[(&str, &str)]) -> StateScheduler {
    let tasks = live.iter().map(|(state, count)| TaskCount { state: *state as u8, count: *count }).collect();
    let mut report = StateScheduler { tasks, ..StateScheduler::default() };
    for (worker, manager) in workers {
        report.workers.push(WorkerStatus::new(WorkerId::from(*worker)));
        report.scaling.managed_workers.push(ManagedWorkers {
            manager_id: bytes::Bytes::copy_from_slice(manager.as_bytes()),
            workers: vec![WorkerId::from(*worker)],
        });
    }
    report
}

fn worker(name: &str, state: WorkerState) -> StateWorker {
    StateWorker { worker: WorkerId::from(name), state, capabilities: Vec::new() }
}

fn told(feed: &Feed) -> (u64, u64, u64) {
    let facts = feed.engine().facts();
    (facts.demand().total(), facts.workers(), facts.connected(&ManagerId::from("ours")))
}

#[test]
fn reports_start_it_and_correct_what_was_missed() {
    let mut feed = feed();
    feed.begin();
    assert!(!feed.is_ready());
    feed.report(
        &report(&[(TaskState::Inactive, 3), (TaskState::Running, 2), (TaskState::Success, 70)], &[("w", "ours")]),
        NOW,
    );
    assert!(feed.is_ready());
    assert_eq!(told(&feed), (5, 1, 1));
    // A task that was there before, and one that is new.
    feed.task(event("old", TaskState::Running, "gpu"));
    feed.task(event("new", TaskState::Inactive, ""));
    assert_eq!(told(&feed).0, 6);
    let needs = |feed: &Feed| feed.engine().facts().demand().needs().len();
    assert_eq!(needs(&feed), 2);
    // One that was there before ends unseen.
    feed.task(event("older", TaskState::Success, ""));
    feed.task(event("new", TaskState::Running, ""));
    assert_eq!(told(&feed).0, 5);
    assert_eq!(feed.engine().facts().task_takes(), None);
    let mut ended = event("unheard", TaskState::Failed, "");
    ended.metadata = [&1.5_f32.to_be_bytes()[..], &[0; 12]].concat().into();
    feed.task(ended);
    assert_eq!(feed.engine().facts().task_takes().map(|takes| takes.as_millis()), Some(1_500));
    feed.report(&report(&[(TaskState::Running, 2)], &[("w", "ours")]), NOW);
    assert_eq!((told(&feed).0, needs(&feed)), (2, 2));
    // Fewer than we know of, and again: nobody says which ended.
    feed.report(&report(&[(TaskState::Running, 1)], &[("w", "ours")]), NOW);
    assert_eq!(told(&feed).0, 2);
    feed.report(&report(&[(TaskState::Running, 1)], &[("w", "ours")]), NOW);
    assert_eq!((told(&feed).0, needs(&feed)), (1, 1));
}

#[test]
fn what_waiting_tasks_need_is_known_over_a_reconnect() {
    let mut feed = feed();
    feed.begin();
    feed.report(&report(&[], &[("w", "ours")]), NOW);
    for task in ["a", "b", "c"] {
        feed.task(event(task, TaskState::Inactive, "gpu"));
    }
    feed.begin();
    assert!(!feed.is_ready());
    assert_eq!(told(&feed), (3, 1, 1));
    // Two came meanwhile, and nobody tells what they need.
    feed.report(&report(&[(TaskState::Inactive, 5)], &[("w", "ours")]), NOW);
    let needs = |feed: &Feed| -> Vec<(String, u64)> {
        let needs = feed.engine().facts().demand().needs();
        needs.iter().map(|need| (need.capabilities.to_string(), need.tasks)).collect()
    };
    assert_eq!(needs(&feed), [("gpu".to_owned(), 3), (String::new(), 2)]);
    // Four ended meanwhile.
    (0..2).for_each(|_| feed.report(&report(&[(TaskState::Inactive, 1)], &[("w", "ours")]), NOW));
    assert_eq!(needs(&feed), [("gpu".to_owned(), 1)]);
}

#[test]
fn workers_count_for_their_manager_as_soon_as_they_connect() {
    let mut feed = feed();
    let ours = ManagerId::from("ours");
    feed.begin();
    feed.report(&report(&[], &[]), NOW);
    feed.worker(&worker("Worker|a|1", WorkerState::Connected));
    assert_eq!(told(&feed), (0, 1, 0));
    let began = Instant::now();
    let unit = |workers, is_connected| UnitReport { workers, is_up: is_connected, is_connected };
    let [a, b] = [WorkerMatch::Exact(WorkerId::from("Worker|a|1")), WorkerMatch::part("b")];
    feed.units(&ours, vec![unit(a.clone(), true), unit(b.clone(), false)], began);
    assert_eq!(told(&feed), (0, 1, 1));
    feed.worker(&worker("Worker|b|2", WorkerState::Connected));
    feed.worker(&worker("Worker|c|3", WorkerState::Connected));
    assert_eq!(told(&feed), (0, 3, 2));
    // What was there before is no measure of how long a start takes.
    let later = began + std::time::Duration::from_secs(7);
    feed.units(&ours, vec![unit(a, true), unit(b, true)], later);
    let takes = feed.engine().facts().start_takes(&ours, 50);
    assert_eq!(takes.map(|takes| takes.as_secs()), Some(7));
    feed.worker(&worker("Worker|a|1", WorkerState::Disconnected));
    assert_eq!(told(&feed), (0, 2, 1));
    // A report knows better, and one that lists a worker no longer is believed the second time.
    feed.report(&report(&[], &[("Worker|c|3", "ours")]), NOW);
    assert_eq!(told(&feed), (0, 2, 2));
    feed.report(&report(&[], &[("Worker|c|3", "ours")]), NOW);
    assert_eq!(told(&feed), (0, 1, 1));
}

#[test]
fn managers_elsewhere_come_and_go_with_the_reports() {
    let mut feed = feed();
    let mut with_other = report(&[], &[]);
    with_other.scaling.details = ["other", "ours"]
        .map(|name| ManagerDetail {
            manager_id: bytes::Bytes::copy_from_slice(name.as_bytes()),
            max_task_concurrency: 4,
            capabilities: "gpu linux".to_owned(),
            ..ManagerDetail::default()
        })
        .into();
    feed.report(&with_other, NOW);
    let facts = feed.engine().facts();
    let offer = facts.offer(&ManagerId::from("other")).unwrap();
    assert_eq!(
        (offer.max_task_concurrency, offer.capabilities.to_string()),
        (Limit::AtMost(4), "gpu,linux".to_owned())
    );
    assert_eq!(facts.offer(&ManagerId::from("ours")).unwrap().max_task_concurrency, Limit::AtMost(9));
    feed.report(&report(&[], &[]), NOW);
    assert!(feed.engine().facts().offer(&ManagerId::from("other")).is_none());
    assert!(feed.engine().facts().offer(&ManagerId::from("ours")).is_some());
}

#[test]
fn a_manager_elsewhere_that_brings_nothing_counts_as_failing() {
    let mut feed = feed();
    let other = ManagerId::from("other");
    let with_tasks = |tasks, workers: &[(&str, &str)]| {
        let mut report = report(&[(TaskState::Inactive, tasks)], workers);
        report.scaling.details.push(ManagerDetail {
            manager_id: bytes::Bytes::from_static(b"other"),
            max_task_concurrency: 4,
            ..ManagerDetail::default()
        });
        report
    };
    feed.begin();
    let failing_from = |feed: &mut Feed, report: StateScheduler| {
        (1..=300).find(|_| {
            feed.report(&report, NOW);
            feed.engine().facts().is_failing(&other)
        })
    };
    // Asked for nothing, it fails at nothing.
    assert_eq!(failing_from(&mut feed, with_tasks(0, &[])), None);
    assert_eq!(failing_from(&mut feed, with_tasks(10, &[])), Some(120));
    // One more has come: it is waited for again.
    assert_eq!(failing_from(&mut feed, with_tasks(10, &[("w1", "other")])), Some(121));
    assert_eq!(failing_from(&mut feed, with_tasks(10, &[("w1", "other"), ("w2", "other")])), None);
}

#[test]
fn tasks_of_more_kinds_than_are_told_apart_count_all_the_same() {
    let mut feed = feed();
    for kind in 0..MOST_KINDS + 5 {
        feed.task(event(&format!("of kind {kind}"), TaskState::Inactive, &format!("kind {kind}")));
    }
    let kinds = |feed: &Feed| feed.engine().facts().demand().kinds();
    assert_eq!((told(&feed).0, kinds(&feed)), (MOST_KINDS as u64 + 5, MOST_KINDS + 1), "one kind is not known");
    feed.task(event("one more", TaskState::Inactive, "kind 0"));
    assert_eq!((told(&feed).0, feed.unseen), (MOST_KINDS as u64 + 6, 5), "of a kind that is known");
    for kind in 0..MOST_KINDS + 5 {
        feed.task(event(&format!("of kind {kind}"), TaskState::Success, ""));
    }
    assert_eq!((told(&feed).0, kinds(&feed), feed.unseen), (1, 1, 0));
    assert_eq!(feed.task_bytes, feed.tasks.values().map(|known| known.bytes).sum::<usize>());
}

#[test]
fn what_a_task_needs_is_kept_up_to_so_many_bytes() {
    let mut feed = feed();
    let name = "x".repeat(MOST_TASK_BYTES / 2);
    for task in ["a", "b", "c"] {
        feed.task(event(task, TaskState::Inactive, &name));
    }
    assert_eq!((feed.tasks.len(), feed.unseen, told(&feed).0), (1, 2, 3));
}
