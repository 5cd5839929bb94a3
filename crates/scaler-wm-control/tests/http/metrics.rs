//! What is exported of a manager, while it does this and that.

use scaler_wm_conformance::{MemoryProvider, NextLaunch, load_of};
use scaler_wm_control::metrics::names;
use scaler_wm_core::{Clock, ErrorKind};

use crate::{
    bench::{Bench, not_begun},
    scrape::Scrape,
};

#[tokio::test(start_paused = true)]
async fn what_is_there_is_told_as_it_is_now() {
    let bench = Bench::start();
    bench.link.up();
    bench.link.wish(3);
    bench.until_units(3).await;
    let units = bench.provider.units();
    let now = Clock::system().now();
    let tasks = units.iter().map(MemoryProvider::worker_of).zip([0, 1, 200]);
    bench.link.load(load_of(Some(now), now, tasks));
    bench.until(|status| status.units.iter().any(|unit| unit.work.tasks() == 200)).await;

    let seen = Scrape::of(std::slice::from_ref(&bench.control));
    for (name, value) in [
        ("scaler_wm_ready", 1.0),
        ("scaler_wm_scheduler_up", 1.0),
        ("scaler_wm_heartbeat_lag_seconds", 0.25),
        ("scaler_wm_units_wanted", 3.0),
        ("scaler_wm_units_desired", 3.0),
        ("scaler_wm_units_target", 3.0),
        ("scaler_wm_units_observed", 3.0),
        ("scaler_wm_units_running", 3.0),
        ("scaler_wm_units_draining", 0.0),
        ("scaler_wm_units_open", 0.0),
        ("scaler_wm_units_limit", 8.0),
        ("scaler_wm_units_started_total", 3.0),
        ("scaler_wm_launched_units_total", 3.0),
        ("scaler_wm_unit_tasks_max", 200.0),
        ("scaler_wm_cost_per_hour", 1.5),
        ("scaler_wm_budget_per_hour", 4.0),
        ("scaler_wm_budget_exhausted", 0.0),
        ("scaler_wm_api_call_seconds_count", 3.0),
    ] {
        let labels = if name.starts_with("scaler_wm_api") { r#"operation="RunTask""# } else { "" };
        assert_eq!(seen.value(name, labels), value, "{name} in\n{}", seen.text);
    }
    assert!(seen.value("scaler_wm_reconcile_seconds_count", "") > 1.0);
    assert_eq!(
        seen.value("scaler_wm_tasks", r#"state="running""#) + seen.value("scaler_wm_tasks", r#"state="queued""#),
        201.0
    );
    for (range, units) in [("0", 1.0), ("1", 1.0), ("101-1000", 1.0), ("2-10", 0.0), ("unknown", 0.0)] {
        assert_eq!(seen.value("scaler_wm_units_by_tasks", &format!(r#"tasks="{range}""#)), units, "{range}");
    }
    let run = |name: &str, labels: &str| seen.value(name, &format!(r#"operation="RunTask"{labels}"#));
    assert_eq!(run("scaler_wm_api_calls_total", ""), 3.0);
    assert_eq!(run("scaler_wm_api_throttles_total", ""), 2.0);
    assert_eq!(run("scaler_wm_api_failures_total", r#",class="no_capacity""#), 1.0);
    // What is never throttled is told as such, so that the first time shows as a rise.
    assert_eq!(seen.value("scaler_wm_api_throttles_total", r#"operation="StopTask""#), 0.0);
    let buckets = ["0.005", "0.05", "600.0", "+Inf"].map(|bound| {
        let series = seen.text.lines().find(|line| {
            line.starts_with("scaler_wm_api_call_seconds_bucket")
                && line.contains(&format!(r#"le="{bound}""#))
                && line.contains("RunTask")
        });
        series.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    });
    assert_eq!(buckets.map(Option::unwrap_or_default), ["1", "2", "2", "3"], "{}", seen.text);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn units_go_down_and_counters_do_not() {
    let bench = Bench::start();
    bench.link.up();
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.link.wish(0);
    bench.until_units(0).await;
    let seen = Scrape::of(std::slice::from_ref(&bench.control));
    assert_eq!(seen.value("scaler_wm_units_observed", ""), 0.0);
    assert_eq!(seen.value("scaler_wm_units_started_total", ""), 2.0);
    assert_eq!(seen.value("scaler_wm_units_ended_total", ""), 2.0);
    assert_eq!(seen.value("scaler_wm_units_died_total", ""), 0.0);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_by_class_from_0_on() {
    let bench = Bench::start();
    bench.provider.script([NextLaunch::Fails(ErrorKind::Quota)]);
    let failures = |seen: &Scrape| seen.value("scaler_wm_failures_total", r#"call="launch",class="quota""#);
    bench.until(|status| status.has_looked).await;
    assert_eq!(failures(&Scrape::of(std::slice::from_ref(&bench.control))), 0.0);
    bench.link.up();
    bench.link.wish(1);
    bench.until(|status| status.hold.is_some()).await;
    let seen = Scrape::of(std::slice::from_ref(&bench.control));
    assert_eq!(failures(&seen), 1.0);
    assert!(seen.value("scaler_wm_backoff_seconds", "") > 0.0);
    bench.until_units(1).await;
    let seen = Scrape::of(std::slice::from_ref(&bench.control));
    assert_eq!(seen.value("scaler_wm_launches_total", ""), 2.0);
    assert_eq!(seen.value("scaler_wm_backoff_seconds", ""), 0.0);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_left_out() {
    let (control, _seat) = not_begun();
    let seen = Scrape::of(&[control]);
    assert_eq!(seen.value("scaler_wm_ready", ""), 0.0);
    assert_eq!(seen.value("scaler_wm_units_open", ""), 0.0);
    for name in ["units_desired", "units_observed", "units_limit", "heartbeat_lag_seconds", "cost_per_hour"] {
        assert_eq!(seen.maybe(&format!("scaler_wm_{name}"), ""), None, "{}", seen.text);
    }
    let nobody = Scrape::of(&[]);
    assert_eq!(nobody.names().collect::<Vec<_>>(), ["scaler_wm_build_info"]);
    assert!(
        nobody.text.contains(r#"{version="1.2.3",features="native,tls",wire_versions="1,2"} 1"#),
        "{}",
        nobody.text
    );
}

#[tokio::test(start_paused = true)]
async fn every_metric_has_words_and_a_unit_as_prometheus_wants_them() {
    let bench = Bench::start();
    bench.link.up();
    bench.link.wish(1);
    bench.until_units(1).await;
    let seen = Scrape::of(std::slice::from_ref(&bench.control));
    for name in names() {
        let is_counter = name.ends_with("_total");
        let family = name.trim_end_matches("_total").trim_end_matches("_info");
        let said = seen.said.get(family).unwrap_or_else(|| panic!("{name} is not told in\n{}", seen.text));
        let of = |what: &str| said.get(what).map(String::as_str);
        let help = of("HELP").unwrap_or_default();
        assert!(
            help.ends_with('.') && help.starts_with(|letter: char| letter.is_uppercase() || letter == '1'),
            "{name}: {help}"
        );
        assert_eq!(of("TYPE") == Some("counter"), is_counter, "{name}");
        assert_eq!(of("TYPE") == Some("info"), name.ends_with("_info"), "{name}");
        assert_eq!(of("UNIT"), name.ends_with("_seconds").then_some("seconds"), "{name}");
        assert!(of("TYPE") != Some("histogram") || name.ends_with("_seconds"), "{name}");
        assert!(name.starts_with("scaler_wm_") && !name.contains("milli") && !name.contains("percent"), "{name}");
    }
    // A unit's name is nowhere: there would be a series more for each that ever was.
    assert!(!seen.text.contains(bench.provider.units()[0].as_str()), "{}", seen.text);
    bench.stop().await;
}
