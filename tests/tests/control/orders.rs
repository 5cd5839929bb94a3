//! What a manager is told to do, it does.

use scaler_wm_tests::{Result, Script};

use crate::operated::Operated;

#[test]
fn a_maximum_holds_and_what_contradicts_itself_sets_nothing() -> Result<()> {
    let operated = Operated::start()?;
    let stack = &operated.stack;
    stack.wish(3)?;
    operated.until_units(3)?;
    operated.does(&["limits", "--maximum", "1", "--for", "1h"])?;
    operated.until_units(1)?;
    let status = operated.status()?;
    let is_maximum = status["bounds"]["maximum"] == 1 && status["bounds"]["until_ms"].is_u64();
    stack.check(is_maximum && status["wanted"] == 3 && status["desired"] == 1, "the maximum", &status)?;
    let table = operated.does(&["status"])?;
    stack.check(table.contains("limits of an operator: maximum 1, for another "), "a note of it", &table)?;
    operated.refuses(&["limits", "--minimum", "3", "--maximum", "2"], "more than the maximum")?;
    operated.refuses(&["limits", "--minimum", "5"], "max_task_concurrency")?;
    stack.check(operated.status()?["bounds"] == status["bounds"], "nothing set by what was refused", "something")
}

#[test]
fn a_drain_lets_work_finish_and_is_taken_back() -> Result<()> {
    let operated = Operated::start()?;
    let stack = &operated.stack;
    stack.wish(2)?;
    let before = operated.until_units(2)?;
    stack.until_connected(2, 20.0)?;

    // One unit, with a task in it: it finishes that, and another one takes its place.
    let mut client = stack.client(&Script::Held { tasks: 2 })?;
    operated.until("two tasks", |status| status["tasks"] == 2)?;
    operated.does(&["drain", &before[0]])?;
    operated.until("one on its way out", |status| status["draining"] == 1)?;
    let all = operated.json(&["units"])?;
    let is_draining = |unit: &serde_json::Value| unit["unit"] == *before[0] && unit["state"] == "draining";
    stack.check(all["units"].as_array().is_some_and(|all| all.iter().any(is_draining)), "which one", &all)?;
    client.release(-1)?;
    client.finish(20.0).map_err(|failure| stack.explain(failure))?;
    stack.until("another one in its place", 30.0, || {
        let units = operated.until_units(2).ok()?;
        (!units.contains(&before[0]) && units.contains(&before[1])).then_some(())
    })?;

    // All of them.
    operated.does(&["drain"])?;
    operated.until_units(0)?;
    stack.check(operated.status()?["is_draining"] == true, "a manager that drains", "none")?;
    operated.refuses(&["drain"], "it is draining already")?;
    operated.does(&["undrain"])?;
    operated.until_units(2)?;
    operated.refuses(&["undrain"], "it is not draining")?;
    operated.refuses(&["drain", "nobody"], "there is no unit nobody")
}

#[test]
fn a_unit_is_kept_after_all() -> Result<()> {
    let operated = Operated::start()?;
    let stack = &operated.stack;
    stack.wish(1)?;
    let before = operated.until_units(1)?;
    stack.until_connected(1, 20.0)?;
    let mut client = stack.client(&Script::Held { tasks: 1 })?;
    operated.until("a task", |status| status["tasks"] == 1)?;
    operated.does(&["drain", &before[0]])?;
    operated.until("it on its way out", |status| status["draining"] == 1)?;
    operated.does(&["undrain", &before[0]])?;
    operated.until("it back", |status| status["draining"] == 0)?;
    client.release(-1)?;
    client.finish(20.0).map_err(|failure| stack.explain(failure))?;
    operated.refuses(&["undrain", &before[0]], "was not drained by an operator")?;
    stack.until("the replacement gone again", 30.0, || (operated.until_units(1).ok()? == before).then_some(()))
}

#[test]
fn a_unit_that_is_stopped_is_replaced_and_its_task_runs_again() -> Result<()> {
    let operated = Operated::start()?;
    let stack = &operated.stack;
    stack.wish(1)?;
    let before = operated.until_units(1)?;
    stack.until_connected(1, 20.0)?;
    let mut client = stack.client(&Script::Held { tasks: 1 })?;
    operated.until("a task", |status| status["tasks"] == 1)?;
    operated.does(&["stop", &before[0]])?;
    stack.until("another one in its place", 30.0, || (operated.until_units(1).ok()? != before).then_some(()))?;
    client.release(-1)?;
    client.finish(30.0).map_err(|failure| stack.explain(failure))?;
    operated.refuses(&["stop", &before[0]], "there is no unit")
}
