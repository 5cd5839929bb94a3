//! A manager of local workers, and the released scheduler.

use scaler_wm_tests::{Manager, ManagerKind, ManagerOptions, Result, Script, Stack, StackOptions};

use crate::scraper::{Figures, Form, Scraper};

fn options() -> ManagerOptions {
    ManagerOptions { kind: ManagerKind::Ours, cooldown: Some(0.0), heartbeat: Some(1.0), ..ManagerOptions::default() }
}

fn told() -> Result<Stack> {
    Stack::start(StackOptions { is_told: true, ..StackOptions::default() })
}

/// Waits for a look at the figures that shows what is awaited.
fn until(stack: &Stack, scraper: &Scraper, what: &str, shows: impl Fn(&Figures) -> bool) -> Result<Figures> {
    let mut last = None;
    let look = || {
        last = scraper.figures(Form::OpenMetrics).ok().flatten();
        last.clone().filter(|figures| shows(figures))
    };
    stack.until(what, 30.0, look)
}

fn units(figures: &Figures, which: &str) -> Option<f64> {
    figures.sum(&format!("scaler_wm_units_{which}"), &[("manager", "wm1")])
}

#[test]
fn figures_follow_workers_up_and_down() -> Result<()> {
    let stack = told()?;
    let scraper = Scraper::start()?;
    let mut manager = stack.connected_manager(&scraper.options(options()))?;
    let idle = until(&stack, &scraper, "nothing wanted", |figures| units(figures, "desired") == Some(0.0))?;
    stack.check(units(&idle, "observed") == Some(0.0), "no unit", &idle.page.text)?;

    stack.wish(2)?;
    let up = until(&stack, &scraper, "two units up", |figures| {
        ["wanted", "desired", "target", "observed", "running"].map(|which| units(figures, which)) == [Some(2.0); 5]
    })?;
    for (name, value) in [
        ("scaler_wm_ready", 1.0),
        ("scaler_wm_scheduler_up", 1.0),
        ("scaler_wm_units_limit", 4.0),
        ("scaler_wm_units_draining", 0.0),
        ("scaler_wm_unit_task_concurrency", 1.0),
        ("scaler_wm_units_started_total", 2.0),
        ("scaler_wm_launched_units_total", 2.0),
        ("scaler_wm_units_ended_total", 0.0),
        ("scaler_wm_failures_total", 0.0),
    ] {
        stack.check(up.sum(name, &[]) == Some(value), &format!("{name} {value}"), &up.page.text)?;
    }
    let launches = up.count("scaler_wm_launches_total", &[]);
    stack.check((1.0..=2.0).contains(&launches), "one or two launch calls", launches)?;
    let lag = up.sum("scaler_wm_heartbeat_lag_seconds", &[]);
    stack.check(lag.is_some_and(|lag| lag < 5.0), "the lag of a heartbeat", format!("{lag:?}"))?;
    let rounds = |figures: &Figures| figures.count("scaler_wm_reconcile_seconds_count", &[]);
    stack.check(rounds(&up) > rounds(&idle), "more rounds", format!("{} and {}", rounds(&idle), rounds(&up)))?;
    until(&stack, &scraper, "both at the scheduler", |figures| {
        figures.count("scaler_wm_unit_ready_seconds_count", &[]) == 2.0
    })?;

    // Tasks are told by how many each unit has.
    let mut client = stack.client(&Script::Held { tasks: 2 })?;
    until(&stack, &scraper, "two tasks", |figures| figures.sum("scaler_wm_tasks", &[]) == Some(2.0))?;
    client.release(-1)?;
    client.finish(20.0).map_err(|failure| stack.explain(failure))?;

    stack.wish(0)?;
    let down = until(&stack, &scraper, "no unit", |figures| {
        ["wanted", "desired", "target", "observed"].map(|which| units(figures, which)) == [Some(0.0); 4]
    })?;
    let [started, ended, died] = ["started", "ended", "died"].map(|what| units(&down, &format!("{what}_total")));
    stack.check(
        [started, ended, died] == [Some(2.0), Some(2.0), Some(0.0)],
        "two started and ended",
        &down.page.text,
    )?;

    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.success(), "exit code 0", status)?;
    stack.check(scraper.page("/healthz")?.status == 0, "nobody at the port", "somebody answers")
}

/// What both of Prometheus' own parsers read, and whether they read the same.
#[test]
fn both_forms_say_the_same_with_types_and_units() -> Result<()> {
    let stack = told()?;
    let scraper = Scraper::start()?;
    let _manager = stack.connected_manager(&scraper.options(options()))?;
    let open = until(&stack, &scraper, "a ready manager", |figures| figures.sum("scaler_wm_ready", &[]) == Some(1.0))?;
    let plain = scraper.figures(Form::Prometheus)?;
    let Some(plain) = plain else { return stack.check(false, "metrics", "nobody answers") };
    let kinds = [open.page.kind.as_str(), plain.page.kind.as_str()];
    let expected =
        ["application/openmetrics-text; version=1.0.0; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8"];
    stack.check(kinds == expected, "the media types", format!("{kinds:?}"))?;
    let names = |figures: &Figures| {
        let samples = figures.families.iter().flat_map(|family| family["samples"].as_array().into_iter().flatten());
        let mut names: Vec<String> = samples.filter_map(|sample| sample[0].as_str().map(str::to_owned)).collect();
        names.sort();
        names
    };
    stack.check(
        names(&open) == names(&plain),
        "the same series",
        format!("{}\n{}", open.page.text, plain.page.text),
    )?;
    for (family, kind, unit) in [
        ("scaler_wm_build", "info", ""),
        ("scaler_wm_units_started", "counter", ""),
        ("scaler_wm_units_observed", "gauge", ""),
        ("scaler_wm_reconcile_seconds", "histogram", "seconds"),
    ] {
        let found = open.family(family);
        let fits = found.is_some_and(|found| found["type"] == kind && found["unit"] == unit && found["help"] != "");
        stack.check(fits, &format!("{family} as {kind}"), format!("{found:?}"))?;
    }
    let build = open.family("scaler_wm_build").map(|family| family["samples"][0][1].clone()).unwrap_or_default();
    let is_right = build["version"] == env!("CARGO_PKG_VERSION") && build["wire_versions"] == "1,2";
    stack.check(
        is_right && build["features"].as_str().is_some_and(|all| all.contains("native")),
        "the build",
        build,
    )?;
    let info = open.family("scaler_wm_manager").map(|family| family["samples"][0][1].clone()).unwrap_or_default();
    stack.check(info["kind"] == "baremetal_native" && info["place"] != "", "the manager and its host", info)
}

#[test]
fn a_manager_is_ready_while_its_scheduler_answers_and_alive_all_along() -> Result<()> {
    let mut stack = told()?;
    let scraper = Scraper::start()?;
    stack.stop_scheduler()?;
    let manager = stack.manager(&scraper.options(options()))?;
    let is = |stack: &Stack, status: u64, words: &str| {
        stack.until(&format!("/readyz answer {status} with {words:?}"), 30.0, || {
            let page = scraper.page("/readyz").ok()?;
            (page.status == status && page.text.starts_with("wm1: ") && page.text.contains(words)).then_some(())
        })
    };
    is(&stack, 503, "does not answer: failed to connect")?;
    alive(&stack, &scraper, &manager)?;
    stack.start_scheduler()?;
    is(&stack, 200, "ready")?;
    alive(&stack, &scraper, &manager)?;
    stack.stop_scheduler()?;
    is(&stack, 503, "does not answer: ")?;
    alive(&stack, &scraper, &manager)?;
    let lost = until(&stack, &scraper, "the loss", |figures| figures.sum("scaler_wm_scheduler_up", &[]) == Some(0.0))?;
    let says = [lost.sum("scaler_wm_ready", &[]), lost.sum("scaler_wm_heartbeat_lag_seconds", &[])];
    stack.check(says == [Some(0.0), None], "not ready, and no lag", format!("{says:?}"))?;
    stack.start_scheduler()?;
    is(&stack, 200, "ready")?;
    let other = scraper.page("/else")?;
    stack.check(other.status == 404 && other.text.contains("/metrics"), "what there is", other.text)
}

fn alive(stack: &Stack, scraper: &Scraper, manager: &Manager) -> Result<()> {
    let page = scraper.page("/healthz")?;
    let detail = format!("{page:?}, process {}", manager.pid());
    stack.check(page.status == 200 && page.text == "wm1: alive\n", "a live manager", detail)
}
