//! `waterfall_v2`: overflow by what is delivered, no task counted twice, and a budget.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{num::NonZeroU32, time::Duration};

use proptest::prelude::*;
use scaler_wm_core::{
    Capabilities, Limit, ManagerId, TaskId, WorkerId,
    policy::{Change, Engine, Offer, Policy},
};

fn engine(content: &str) -> Engine {
    Policy::new("waterfall_v2", content).unwrap().engine()
}

fn manager(engine: &mut Engine, id: &str, limit: u32, per_unit: u32, can: &str) {
    let offer = Offer {
        max_task_concurrency: Limit::AtMost(limit),
        capabilities: can.parse().unwrap(),
        workers_per_unit: NonZeroU32::new(per_unit).unwrap(),
    };
    engine.apply(Change::ManagerHeartbeat { manager: ManagerId::from(id), offer });
}

fn tasks(engine: &mut Engine, id: &str, needs: &str, count: u32) {
    let capabilities: Capabilities = needs.parse().unwrap();
    engine.apply(Change::TasksAdded { id: TaskId::from(id), capabilities, count });
}

fn workers(engine: &mut Engine, id: &str, count: u64) {
    for number in 0..400 {
        let worker = WorkerId::from(&format!("{id}{number}"));
        engine.apply(match number < count {
            true => Change::WorkerConnected { worker, manager: Some(ManagerId::from(id)) },
            false => Change::WorkerGone(worker),
        });
    }
}

fn failing(engine: &mut Engine, id: &str, is_failing: bool) {
    engine.apply(Change::Delivery { manager: ManagerId::from(id), is_failing });
}

fn asked(engine: &Engine, id: &str) -> u64 {
    let requests = engine.decide(&ManagerId::from(id)).unwrap().requests().unwrap();
    requests.iter().map(|request| u64::from(request.task_concurrency)).sum()
}

fn because(engine: &Engine, id: &str) -> String {
    engine.decide(&ManagerId::from(id)).unwrap().because.to_string()
}

#[test]
fn what_is_not_delivered_overflows_at_once_and_is_still_asked_for() {
    let mut engine = engine("1,local\n2,cloud");
    manager(&mut engine, "local", 4, 1, "");
    manager(&mut engine, "cloud", 100, 1, "");
    tasks(&mut engine, "t", "", 60);
    assert_eq!((asked(&engine, "local"), asked(&engine, "cloud")), (4, 2));
    // It is still asked: so it tries again, at its own pace.
    failing(&mut engine, "local", true);
    assert_eq!((asked(&engine, "local"), asked(&engine, "cloud")), (4, 6));
    workers(&mut engine, "local", 3);
    assert_eq!((asked(&engine, "local"), asked(&engine, "cloud")), (4, 3));
    assert_eq!(because(&engine, "cloud"), "60 tasks, one worker for 10: 6, local (up to 3) leaves 3");
    failing(&mut engine, "local", false);
    assert_eq!((asked(&engine, "local"), asked(&engine, "cloud")), (4, 2));
}

#[test]
fn no_task_counts_twice() {
    let content = "1,gpu\n2,any";
    let mut engine = engine(content);
    manager(&mut engine, "gpu", 100, 1, "gpu");
    manager(&mut engine, "any", 100, 1, "");
    tasks(&mut engine, "g", "gpu", 100);
    // Released: all tasks, and those with capabilities once more.
    assert_eq!(asked(&engine, "gpu") + asked(&engine, "any"), 10);
    tasks(&mut engine, "t", "", 50);
    assert_eq!(asked(&engine, "gpu") + asked(&engine, "any"), 15);
}

#[test]
fn a_budget_refuses_launches_and_ends_no_work() {
    let mut engine = engine("1,spot,,0.5\n2,dear,8,2.0\nbudget_per_hour,3");
    manager(&mut engine, "spot", 4, 2, "");
    manager(&mut engine, "dear", 100, 1, "");
    tasks(&mut engine, "t", "", 1_000);
    // Two units of two workers at 0.5, and what is left of 3 pays for one more at 2.
    assert_eq!((asked(&engine, "spot"), asked(&engine, "dear")), (4, 1));
    assert!(
        because(&engine, "dear").ends_with("capped at 1 by the budget: no more is launched"),
        "{}",
        because(&engine, "dear")
    );
    // What is there stays, whatever it costs, and is all.
    workers(&mut engine, "dear", 5);
    assert_eq!((asked(&engine, "spot"), asked(&engine, "dear")), (0, 5));
}

fn paid(engine: &mut Engine, id: &str, units: u32, unit_minutes: u64) {
    let unit_time = Duration::from_secs(unit_minutes * 60);
    engine.apply(Change::Paid { manager: ManagerId::from(id), units, unit_time });
}

#[test]
fn units_that_are_starting_cost_as_much_as_those_that_are_there() {
    let mut engine = engine("1,a,,1\n2,b,,1\nbudget_per_hour,5");
    manager(&mut engine, "a", 100, 1, "gpu");
    manager(&mut engine, "b", 100, 1, "");
    tasks(&mut engine, "g", "gpu", 100);
    assert_eq!((asked(&engine, "a"), asked(&engine, "b")), (5, 0));
    // Four of them are on their way when the work turns out to be of another kind.
    paid(&mut engine, "a", 4, 0);
    engine.apply(Change::TasksGone(TaskId::from("g")));
    engine.apply(Change::ManagerGone(ManagerId::from("a")));
    tasks(&mut engine, "t", "", 100);
    assert_eq!(asked(&engine, "b"), 1);
    paid(&mut engine, "a", 0, 0);
    assert_eq!(asked(&engine, "b"), 5);
}

#[test]
fn what_fails_keeps_no_money_from_the_next() {
    let mut engine = engine("1,a,,1\n2,b,,1\nbudget_per_hour,5");
    manager(&mut engine, "a", 100, 1, "");
    manager(&mut engine, "b", 100, 1, "");
    tasks(&mut engine, "t", "", 1_000);
    failing(&mut engine, "a", true);
    // But for one unit, with which it is tried again whatever the other one has got.
    assert_eq!((asked(&engine, "a"), asked(&engine, "b")), (5, 4));
    paid(&mut engine, "b", 4, 0);
    assert_eq!((asked(&engine, "a"), asked(&engine, "b")), (1, 4));
}

#[test]
fn the_budget_of_a_day_counts_what_was_spent() {
    let mut engine = engine("1,cloud,,1\n2,free\nbudget_per_day,10");
    manager(&mut engine, "cloud", 100, 1, "");
    manager(&mut engine, "free", 3, 1, "");
    tasks(&mut engine, "t", "", 1_000);
    assert_eq!((asked(&engine, "cloud"), asked(&engine, "free")), (10, 3));
    // Four units have cost 7 of the 10, and no unit more is paid an hour ahead.
    workers(&mut engine, "cloud", 4);
    paid(&mut engine, "cloud", 4, 7 * 60);
    assert_eq!(asked(&engine, "cloud"), 4);
    // Two units' worth is left when the others are gone.
    workers(&mut engine, "cloud", 0);
    paid(&mut engine, "cloud", 0, 8 * 60);
    assert_eq!(asked(&engine, "cloud"), 2);
    // Four units have 24 minutes left, and a task may take ten and a minute: they go on.
    engine.apply(Change::TaskTook(Duration::from_secs(600)));
    paid(&mut engine, "cloud", 4, 8 * 60 + 24);
    assert_eq!(asked(&engine, "cloud"), 4);
    // Nine minutes are too few: they finish what runs, and what costs nothing goes on.
    paid(&mut engine, "cloud", 4, 9 * 60 + 24);
    assert_eq!((asked(&engine, "cloud"), asked(&engine, "free")), (0, 3));
    assert!(because(&engine, "cloud").contains("by the budget"), "{}", because(&engine, "cloud"));
    // A day later it is forgotten.
    paid(&mut engine, "cloud", 0, 0);
    assert_eq!(asked(&engine, "cloud"), 10);
}

#[test]
fn rules_and_budgets_are_read_and_refused_with_the_line() {
    for (content, wanted) in [
        ("1,a,,x", "line 1: price_per_unit_hour `x` is no amount of at least 0"),
        ("1,a,-1", "line 1: max_task_concurrency is at least 0"),
        ("1,a\nbudget_per_hour,-1", "line 2: budget_per_hour `-1` is no amount of at least 0"),
        ("budget_per_day,5", "there is no rule"),
        ("1,a,2,3,4", "line 1: `1,a,2,3,4` has 5 of 2 or 3 fields"),
        ("1,a\nbudget_per_day,5\nbudget_per_day,6", "line 3: budget_per_day is given twice"),
    ] {
        let error = Policy::new("waterfall_v2", content).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
    assert_eq!(Policy::new("waterfall_v2", "1,a,2\nbudget_per_day,5").unwrap().notes().len(), 1);
    let notes = Policy::new("waterfall_v2", "1,a,,6\n2,b,,1\nbudget_per_day,5").unwrap().notes().join("; ");
    assert_eq!(notes, "the budget never pays for an hour of a unit of `a`: none is ever launched");
    assert!(Policy::new("waterfall_v2", " 1 , a , , 0.25 # cheap\nbudget_per_hour , 3").unwrap().notes().is_empty());
}

const PRICES: [f64; 3] = [0.5, 1.0, 2.0];
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Three managers, of which the second one alone has GPUs.
#[derive(Clone, Debug)]
struct Scene {
    there: [u64; 3],
    limits: [u32; 3],
    per_unit: [u32; 3],
    fails: [bool; 3],
    special: u32,
}

fn scene() -> impl Strategy<Value = Scene> {
    let each = (0_u64..20, 0_u32..60, 1_u32..5, any::<bool>());
    (prop::array::uniform3(each), 0_u32..400).prop_map(|(each, special)| Scene {
        there: each.map(|(there, limit, ..)| there.min(u64::from(limit))),
        limits: each.map(|(_, limit, ..)| limit),
        per_unit: each.map(|(_, _, per_unit, _)| per_unit),
        fails: each.map(|(.., fails)| fails),
        special,
    })
}

/// What is asked of each manager for so many tasks of any kind.
fn levels(scene: &Scene, budget: &str, count: u32) -> [u64; 3] {
    let mut engine = engine(&format!("1,a,,0.5\n2,b,30,1\n2,c,,2\n{budget}"));
    for (index, name) in NAMES.into_iter().enumerate() {
        let can = if index == 1 { "gpu" } else { "" };
        manager(&mut engine, name, scene.limits[index], scene.per_unit[index], can);
        workers(&mut engine, name, scene.there[index]);
        failing(&mut engine, name, scene.fails[index]);
    }
    tasks(&mut engine, "g", "gpu", scene.special);
    tasks(&mut engine, "t", "", count);
    NAMES.map(|name| asked(&engine, name))
}

proptest! {
    #[test]
    fn no_instant_is_over_the_budget_or_a_cap(scene in scene(), count in 0_u32..2_000, budget in 0_u32..200) {
        // What a manager that fails is asked for may be paid of the same money: there the ledger has the last word.
        let scene = Scene { fails: [false; 3], ..scene };
        let levels = levels(&scene, &format!("budget_per_hour,{budget}"), count);
        let cost = |workers: [u64; 3]| -> f64 {
            let of = |index: usize| workers[index].div_ceil(u64::from(scene.per_unit[index])) as f64 * PRICES[index];
            (0..3).map(of).sum()
        };
        // Whatever is there goes on; what is asked for beside it is paid for.
        let bound = [0, 1, 2].map(|index| levels[index].max(scene.there[index]));
        prop_assert!(cost(bound) <= cost(scene.there).max(f64::from(budget)) + 1e-6, "{levels:?}");
        for index in 0..3 {
            prop_assert!(levels[index] <= u64::from(scene.limits[index]), "{levels:?}");
        }
        prop_assert!(levels[1] <= 30, "{levels:?}");
    }

    #[test]
    fn more_work_asks_for_no_less_and_the_same_for_the_same(scene in scene(), few in 0_u32..2_000, more in 0_u32..2_000) {
        let (few, more) = (few.min(more), few.max(more));
        let [for_few, for_more] = [few, more].map(|count| levels(&scene, "", count).iter().sum::<u64>());
        prop_assert!(for_few <= for_more);
        prop_assert_eq!(levels(&scene, "", more), levels(&scene, "", more));
    }

    #[test]
    fn constant_work_comes_to_rest(scene in scene(), count in 0_u32..2_000, budget in 0_u32..200) {
        // Each manager brings what it is asked for, as far as it can, and keeps what it has until it is asked for less.
        let mut scene = Scene { fails: [false; 3], ..scene };
        let budget = format!("budget_per_hour,{budget}");
        let courses: Vec<[u64; 3]> = (0..8)
            .map(|_| {
                scene.there = levels(&scene, &budget, count);
                scene.there
            })
            .collect();
        prop_assert_eq!(courses[6], courses[7], "{:?}", courses);
    }
}
