//! Simulations, from file to figures.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{fs, path::Path};

use scaler_wm_sim::{Outcome, Simulation, table, trace};

const VANILLA: &str = "[[policy]]\nname = \"vanilla\"\ncontent = \"allocate=even_load; scaling=vanilla\"\n";
const TARGET_WAIT: &str = "[[policy]]\nname = \"target_wait\"\ncontent = \"allocate=even_load; scaling=target_wait\"\n";
const LOCAL: &str = "[[manager]]\nid = \"local\"\nmax_task_concurrency = 4\nprice_per_unit_hour = 1.0\n";
const BURSTS: &str = "[workload]\nkind = \"bursts\"\ntasks = 40\nbursts = 2\nevery_seconds = 200\ntask_seconds = { p50 = 1.0, p95 = 3.0 }\n";

fn read(folder: &Path, text: &str) -> scaler_wm_sim::Result<Simulation> {
    let file = folder.join("simulation.toml");
    fs::write(&file, text).unwrap();
    Simulation::read(&file)
}

fn run(text: &str) -> Vec<Outcome> {
    let folder = tempfile::tempdir().unwrap();
    read(folder.path(), text).unwrap().run(|_| {}).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_outcome_and_another_one_another() {
    let text = [VANILLA, TARGET_WAIT, LOCAL, "failure_rate = 0.2\nno_capacity_rate = 0.2\n", BURSTS].concat();
    let outcomes = run(&text);
    assert_eq!(outcomes, run(&text));
    assert_eq!(table(&outcomes), table(&run(&text)));
    assert_ne!(outcomes, run(&format!("seed = 2\n{text}")));
}

#[test]
fn every_task_is_done_within_the_limit_and_nobody_stays() {
    for outcome in run(&[VANILLA, TARGET_WAIT, LOCAL, BURSTS].concat()) {
        assert_eq!((outcome.submitted, outcome.completed, outcome.repeated), (80, 80, 0), "{outcome:?}");
        // One above the limit at most, for a moment: the spare that is started when work is taken back.
        assert!((1..=5).contains(&outcome.peak_workers) && !outcome.is_cut_off, "{outcome:?}");
        assert!(outcome.makespan_seconds > 200.0 && outcome.wait_p50_seconds <= outcome.wait_p95_seconds);
        assert!((0.0..1.0).contains(&outcome.idle_share));
        // A price of 1 for an hour of a unit with one worker.
        assert!((outcome.cost - outcome.worker_hours).abs() < 1e-9, "{outcome:?}");
        let last = outcome.course.last().unwrap();
        assert_eq!((last.waiting, last.workers, last.wanted), (0, 0, 0), "{last:?}");
    }
}

#[test]
fn infrastructure_that_fails_costs_time_and_no_task() {
    let [good]: [Outcome; 1] = run(&[VANILLA, LOCAL, BURSTS].concat()).try_into().unwrap();
    let faults = "failure_rate = 0.3\nno_capacity_rate = 0.3\n";
    let [bad]: [Outcome; 1] = run(&[VANILLA, LOCAL, faults, BURSTS].concat()).try_into().unwrap();
    assert_eq!(bad.completed, 80);
    assert!(bad.wait_p95_seconds > good.wait_p95_seconds, "{bad:?}\n{good:?}");
}

#[test]
fn a_waterfall_fills_one_manager_after_the_other() {
    let policy = "[[policy]]\nengine_type = \"waterfall_v1\"\ncontent = \"1,local\\n2,cloud\"\n";
    let cloud =
        "[[manager]]\nid = \"cloud\"\nmax_task_concurrency = 100\nworkers_per_unit = 4\nstart_seconds = { p50 = 20 }\n";
    let many = "[workload]\nkind = \"constant\"\ntasks_per_second = 20\nhours = 0.1\ntask_seconds = { p50 = 1.0 }\n";
    let [outcome]: [Outcome; 1] = run(&[policy, LOCAL, cloud, many].concat()).try_into().unwrap();
    assert_eq!(outcome.completed, 7_200);
    assert!(outcome.peak_workers > 8, "{outcome:?}");
}

#[test]
fn every_kind_of_workload_comes_and_ends() {
    for (workload, range) in [
        ("kind = \"constant\"\ntasks_per_second = 0.5\nhours = 1\ntask_seconds = { p50 = 0.5 }", 1_800..=1_800),
        ("kind = \"daily\"\ntasks_per_second = 0.05\ndays = 1\ntask_seconds = { p50 = 1, p95 = 4 }", 4_000..=4_650),
        (
            "kind = \"heavy_tail\"\ntasks_per_second = 0.5\nhours = 1\nshortest_seconds = 0.1\nalpha = 1.8",
            1_600..=2_000,
        ),
    ] {
        let [outcome]: [Outcome; 1] = run(&[TARGET_WAIT, LOCAL, "[workload]\n", workload].concat()).try_into().unwrap();
        assert!(range.contains(&outcome.submitted), "{workload}: {outcome:?}");
        assert_eq!(outcome.submitted, outcome.completed, "{workload}");
    }
}

#[test]
fn work_that_nobody_can_do_ends_with_the_time() {
    let text = ["most_hours = 1\n", VANILLA, LOCAL, "[workload]\nkind = \"trace\"\nfile = \"t.jsonl\"\n"].concat();
    let folder = tempfile::tempdir().unwrap();
    let task = |at: f64, needs: &str| trace::Recorded { at, seconds: 1.0, capabilities: needs.parse().unwrap() };
    let mut file = fs::File::create(folder.path().join("t.jsonl")).unwrap();
    let mut writer = trace::Writer::new(&mut file).unwrap();
    writer.add(&task(5.0, "gpu")).unwrap();
    writer.add(&task(1.0, "")).unwrap();
    let read_back = trace::Trace::read(&folder.path().join("t.jsonl")).unwrap();
    assert_eq!(read_back.tasks(), [task(1.0, ""), task(5.0, "gpu")]);
    let text = text.replace("even_load", "capability");
    let outcomes = read(folder.path(), &text).unwrap().run(|_| {}).unwrap();
    assert_eq!((outcomes[0].submitted, outcomes[0].completed, outcomes[0].is_cut_off), (2, 1, true));
}

#[test]
fn work_that_nobody_can_do_holds_up_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = trace::Writer::new(fs::File::create(folder.path().join("t.jsonl")).unwrap()).unwrap();
    for number in 0..200 {
        let (at, needs) = if number < 100 { (0.0, "gpu") } else { (0.1, "") };
        writer.add(&trace::Recorded { at, seconds: 1.0, capabilities: needs.parse().unwrap() }).unwrap();
    }
    let workload = "[workload]\nkind = \"trace\"\nfile = \"t.jsonl\"\n";
    let text = ["most_hours = 1\n", VANILLA, LOCAL, workload].concat().replace("even_load", "capability");
    let outcomes = read(folder.path(), &text).unwrap().run(|_| {}).unwrap();
    assert_eq!((outcomes[0].submitted, outcomes[0].completed), (200, 100));
}

#[test]
fn what_is_wrong_is_said_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let all = [VANILLA, LOCAL, BURSTS].concat();
    for (text, wanted) in [
        (all.replace("bursts = 2", "burst = 2"), "simulation.toml:8: "),
        (all.replace("vanilla\"\n[[man", "vanila\"\n[[man"), "simulation.toml: policy vanilla: scaling=`vanila`"),
        (all.replace("= 4\n", "= -4\n"), "manager local: max_task_concurrency is -1 or at least 0"),
        (all.replace("every_seconds = 200", "every_seconds = 0"), "workload: rates and times are above 0"),
        ([VANILLA, LOCAL, LOCAL, BURSTS].concat(), "manager local: there are two of this id"),
        (format!("most_hours = nan\n{all}"), "most_hours is above 0"),
        (format!("most_hours = -1\n{all}"), "most_hours is above 0"),
        (all.replace("p95 = 3.0", "p95 = 1e30"), "p95 is at least p50"),
        (all.replace("p95 = 3.0", "p95 = 0.5"), "p95 is at least p50"),
        ([VANILLA, LOCAL, "failure_rate = 2\n", BURSTS].concat(), "failure_rate is between 0 and 1"),
        ([VANILLA, LOCAL, "[workload]\nkind = \"trace\"\nfile = \"none\"\n"].concat(), "none: No such file"),
        (
            [VANILLA, LOCAL, "[workload]\nkind = \"trace\"\nfile = \"simulation.toml\"\n"].concat(),
            "simulation.toml:1: it is no trace",
        ),
    ] {
        let said = read(folder.path(), &text).unwrap_err().to_string();
        assert!(said.contains(wanted), "`{wanted}` is not in `{said}`");
    }
    let file = folder.path().join("t.jsonl");
    for (text, wanted) in [
        ("{\"scaler_wm_trace\":2}\n", "t.jsonl:1: version 2 is not known here; this is version 1"),
        ("{\"scaler_wm_trace\":1}\n", "there is no task in it"),
        ("{\"scaler_wm_trace\":1}\n{\"at\":-1,\"seconds\":1}\n", "t.jsonl:2: at and seconds are at least 0"),
        ("{\"scaler_wm_trace\":1}\n{\"at\":1,\"sec", "there is no task in it"),
        ("{\"scaler_wm_trace\":1}\n{\"at\":1}\n", "t.jsonl:2: missing field `seconds`"),
    ] {
        fs::write(&file, text).unwrap();
        let said = trace::Trace::read(&file).unwrap_err().to_string();
        assert!(said.contains(wanted), "`{wanted}` is not in `{said}`");
    }
}

#[cfg(feature = "plot")]
#[test]
fn a_picture_has_four_panels_and_a_line_for_each_policy() {
    let outcomes = run(&[VANILLA, TARGET_WAIT, LOCAL, BURSTS].concat());
    let picture = scaler_wm_sim::plot(&outcomes).unwrap();
    for text in ["<svg", "tasks waiting", "workers wanted", "workers there", "cost", "vanilla", "target_wait"] {
        assert!(picture.contains(text), "no {text}");
    }
    assert!(picture.matches("<polyline").count() >= 8);
    assert_eq!(picture, scaler_wm_sim::plot(&outcomes).unwrap());
}
