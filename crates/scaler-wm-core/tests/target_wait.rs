//! Properties of `scaling=target_wait`.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::time::Duration;

use proptest::prelude::*;
use scaler_wm_core::{
    Capabilities, Limit, ManagerId, TaskId, WorkerId,
    policy::{Change, Engine, Offer, Policy},
};

fn engine(content: &str) -> Engine {
    Policy::new("simple", &format!("allocate=even_load; scaling={content}")).unwrap().engine()
}

fn manager(engine: &mut Engine, id: &str, limit: u32, can: &str) {
    let capabilities = can.parse().unwrap();
    let offer = Offer::new(Limit::AtMost(limit), capabilities);
    engine.apply(Change::ManagerHeartbeat { manager: ManagerId::from(id), offer });
}

fn tasks(engine: &mut Engine, id: &str, needs: &str, count: u32) {
    let capabilities: Capabilities = needs.parse().unwrap();
    engine.apply(Change::TasksAdded { id: TaskId::from(id), capabilities, count });
}

fn workers(engine: &mut Engine, id: &str, count: u64) {
    for number in 0..2_000_u64 {
        let worker = WorkerId::from(&format!("{id}{number}"));
        engine.apply(if number < count {
            Change::WorkerConnected { worker, manager: Some(ManagerId::from(id)) }
        } else {
            Change::WorkerGone(worker)
        });
    }
}

fn took(engine: &mut Engine, task: f64, start: f64) {
    engine.apply(Change::TaskTook(Duration::from_secs_f64(task)));
    let took = Duration::from_secs_f64(start);
    engine.apply(Change::UnitStarted { manager: ManagerId::from("a"), took });
}

/// Task concurrency asked of a manager, all requests together.
fn asked(engine: &Engine, id: &str) -> u64 {
    let requests = engine.decide(&ManagerId::from(id)).unwrap().requests().unwrap();
    requests.iter().map(|request| u64::from(request.task_concurrency)).sum()
}

#[test]
fn it_sizes_in_one_step_and_goes_back_to_nothing() {
    let mut engine = engine("target_wait");
    manager(&mut engine, "a", 4, "");
    assert_eq!(asked(&engine, "a"), 0);
    tasks(&mut engine, "t", "", 200);
    assert_eq!(asked(&engine, "a"), 4);
    let because = engine.decide(&ManagerId::from("a")).unwrap().because.to_string();
    let wanted = "200 tasks of 1.00 s, 0 workers, 5.0 s to start one, so that none waits longer than 5 s: 80, capped at 4 by \
                  the limit of the manager";
    assert_eq!(because, wanted);
    tasks(&mut engine, "t", "", 0);
    assert_eq!(asked(&engine, "a"), 0);
}

#[test]
fn what_was_measured_counts() {
    let mut engine = engine("target_wait; target_seconds=10");
    manager(&mut engine, "a", 1_000, "");
    took(&mut engine, 2.0, 5.0);
    tasks(&mut engine, "t", "", 100);
    // 200 s of work, of which 5 s are left once workers are there.
    assert_eq!(asked(&engine, "a"), 40);
    workers(&mut engine, "a", 40);
    assert_eq!(asked(&engine, "a"), 20);
    // Not much fewer than there are would do: all stay.
    workers(&mut engine, "a", 25);
    assert_eq!(asked(&engine, "a"), 25);
    // Never more than there are tasks.
    tasks(&mut engine, "t", "", 3);
    took(&mut engine, 10_000.0, 5.0);
    assert_eq!(asked(&engine, "a"), 3);
}

#[test]
fn each_task_counts_once_and_goes_where_it_can_be_done() {
    let mut engine = engine("target_wait; target_seconds=10");
    manager(&mut engine, "a", 3, "gpu=4");
    manager(&mut engine, "b", 100, "");
    took(&mut engine, 1.0, 1.0);
    tasks(&mut engine, "t", "", 90);
    tasks(&mut engine, "g", "gpu", 18);
    // Two for the GPU tasks first, one for the others, whose other nine go on.
    assert_eq!((asked(&engine, "a"), asked(&engine, "b")), (3, 9));
    let requests = engine.decide(&ManagerId::from("a")).unwrap().requests().unwrap();
    assert_eq!(requests[0].capabilities.to_string(), "gpu=4");
    // What nobody can do asks for nobody.
    tasks(&mut engine, "x", "windows", 50);
    assert_eq!((asked(&engine, "a"), asked(&engine, "b")), (3, 9));
}

#[test]
fn a_time_that_is_none_is_refused() {
    for (keys, wanted) in [
        (
            "target_wait; target_seconds=0",
            "target_seconds=`0` is no number of seconds above 0, such as target_seconds=5",
        ),
        ("target_wait; target_seconds=soon", "target_seconds=`soon` is no number of seconds above 0"),
        (
            "target_wait; target_second=5",
            "`target_second` is no key of a simple policy (did you mean `target_seconds`?)",
        ),
        ("vanilla; target_seconds=5", "`target_seconds` is no key of a simple policy"),
    ] {
        let error = Policy::new("simple", &format!("allocate=even_load; scaling={keys}")).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
}

proptest! {
    #[test]
    fn more_work_never_asks_for_less(
        (few, more) in (0_u32..5_000, 0_u32..5_000).prop_map(|(a, b)| (a.min(b), a.max(b))),
        connected in 0_u64..400,
        task in 0.01_f64..100.0,
        start in 0.01_f64..100.0,
        limit in 0_u32..500,
    ) {
        let mut engine = engine("target_wait");
        manager(&mut engine, "a", limit, "");
        workers(&mut engine, "a", connected);
        took(&mut engine, task, start);
        tasks(&mut engine, "t", "", few);
        let for_few = asked(&engine, "a");
        tasks(&mut engine, "t", "", more);
        prop_assert!(for_few <= asked(&engine, "a"));
    }

    #[test]
    fn constant_work_comes_to_rest(
        count in 1_u32..5_000,
        task in 0.01_f64..10.0,
        start in 0.01_f64..100.0,
        limit in 1_u32..1_000,
    ) {
        let mut engine = engine("target_wait");
        manager(&mut engine, "a", limit, "");
        took(&mut engine, task, start);
        tasks(&mut engine, "t", "", count);
        let levels: Vec<u64> = (0..6)
            .map(|_| {
                let level = asked(&engine, "a");
                workers(&mut engine, "a", level);
                level
            })
            .collect();
        prop_assert!(levels.iter().all(|level| (1..=u64::from(limit)).contains(level)), "{levels:?}");
        prop_assert!(levels[2..].windows(2).all(|pair| pair[0] == pair[1]), "{levels:?}");
    }
}
