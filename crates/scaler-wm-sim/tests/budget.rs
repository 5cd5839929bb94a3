//! Budgets over days, through the real engine, planner and loop: whatever units cost at any instant is paid for.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{env, fs};

use proptest::prelude::*;
use scaler_wm_sim::{Outcome, Point, Simulation};

const DAY: f64 = 24.0 * 3_600.0;

/// Two managers, dear and cheap, with units that take long to start, die, or do not come at all.
#[derive(Clone, Debug)]
struct Scene {
    seed: u64,
    per_hour: u32,
    per_day: u32,
    start_seconds: [u32; 2],
    workers_per_unit: [u32; 2],
    failure_rate: f64,
    no_capacity_rate: f64,
    task_seconds: u32,
    tasks: u32,
}

fn scene() -> impl Strategy<Value = Scene> {
    let faults = (prop_oneof![Just(0.0), 0.0..1.0], prop_oneof![Just(0.0), 0.0..1.0]);
    let money = (0_u32..30, 0_u32..100);
    let units = (prop::array::uniform2(1_u32..1_200), prop::array::uniform2(1_u32..5));
    (any::<u32>(), money, units, faults, 1_u32..1_200, 1_u32..3_000).prop_map(
        |(seed, (per_hour, per_day), (start_seconds, workers_per_unit), faults, task_seconds, tasks)| Scene {
            seed: u64::from(seed),
            per_hour,
            per_day,
            start_seconds,
            workers_per_unit,
            failure_rate: faults.0,
            no_capacity_rate: faults.1,
            task_seconds,
            tasks,
        },
    )
}

fn run(scene: &Scene) -> Outcome {
    let mut text = format!(
        "seed = {}\nmost_hours = 30\n[[policy]]\nengine_type = \"waterfall_v2\"\n\
         content = \"1,cheap,20,0.5\\n2,dear,,2\\nbudget_per_hour,{}\\nbudget_per_day,{}\"\n",
        scene.seed, scene.per_hour, scene.per_day
    );
    for (index, (id, price)) in [("cheap", 0.5), ("dear", 2.0)].into_iter().enumerate() {
        text.push_str(&format!(
            "[[manager]]\nid = \"{id}\"\nmax_task_concurrency = 60\nprice_per_unit_hour = {price:?}\n\
             workers_per_unit = {}\nstart_seconds = {{ p50 = {} }}\nfailure_rate = {:?}\nno_capacity_rate = {:?}\n\
             heartbeat_interval_seconds = 5\n",
            scene.workers_per_unit[index], scene.start_seconds[index], scene.failure_rate, scene.no_capacity_rate
        ));
    }
    text.push_str(&format!(
        "[workload]\nkind = \"bursts\"\ntasks = {}\nbursts = 3\nevery_seconds = 20000\ntask_seconds = {{ p50 = {} }}\n",
        scene.tasks, scene.task_seconds
    ));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulation.toml");
    fs::write(&file, text).unwrap();
    let [outcome]: [Outcome; 1] = Simulation::read(&file).unwrap().run(|_| {}).unwrap().try_into().unwrap();
    outcome
}

/// The most that 24 hours in a row cost.
fn dearest_day(course: &[Point]) -> f64 {
    let cost_of_the_day_to = |end: &Point| {
        let begin = course.iter().rfind(|point| point.at <= end.at - DAY).map_or(0.0, |point| point.cost);
        // Of a piece of time at the day's beginning only a part belongs to it.
        let next = course.iter().find(|point| point.at > end.at - DAY).map_or(begin, |point| point.cost);
        end.cost - next.max(begin)
    };
    course.iter().map(cost_of_the_day_to).fold(0.0, f64::max)
}

/// Each takes a second or so where nothing is optimized; `cargo xtask soak budget` looks at many more.
fn cases() -> u32 {
    env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_instant_of_two_days_costs_more_than_the_budget(scene in scene()) {
        let outcome = run(&scene);
        let (hour, day) = (outcome.peak_cost_per_hour, dearest_day(&outcome.course));
        prop_assert!(hour <= f64::from(scene.per_hour) + 1e-6, "{hour} in an hour: {outcome:?}");
        prop_assert!(day <= f64::from(scene.per_day) + 1e-6, "{day} in a day: {outcome:?}");
        // What the budget pays for gets done.
        let is_easy = scene.per_hour >= 20 && scene.per_day >= 80 && scene.failure_rate + scene.no_capacity_rate == 0.0;
        prop_assert!(!is_easy || outcome.completed > 0, "{outcome:?}");
    }
}
