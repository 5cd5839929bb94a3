//! Each command does what it says.

use std::os::unix::fs::PermissionsExt;

use scaler_wm_tests::{Failure, Result, Script};
use serde_json::Value;

use crate::{ctl, good, options, socket, told};

#[test]
fn limits_hold_drains_are_taken_back_and_a_stopped_unit_is_replaced() -> Result<()> {
    let stack = told()?;
    let mut manager = stack.connected_manager(&options("wm1", &[]))?;
    let mode = std::fs::metadata(socket(&stack, "wm1")).map_err(|error| Failure::new("look at the socket", error))?;
    let mode = mode.permissions().mode() & 0o777;
    stack.check(mode == 0o600, "a socket for one user", format!("{mode:o}"))?;
    stack.wish(1)?;
    stack.until_connected(1, 20.0)?;
    good(&stack, "wm1", &["limits", "--minimum", "3"])?;
    stack.until_connected(3, 20.0)?;
    let status = good(&stack, "wm1", &["status", "--json"])?.json()?;
    let status = &status["managers"][0];
    let figures = ["wanted", "desired", "observed"].map(|name| status[name].as_u64());
    stack.check(figures == [Some(1), Some(3), Some(3)], "1 wanted, 3 desired", status)?;
    stack.check(status["link"]["wire_version"] == "2" && status["stage"] == "running", "facts of the link", status)?;
    let words = good(&stack, "wm1", &["explain"])?.output;
    stack.check(words.contains("an operator says at least 3; `limits --clear`"), "why not fewer", &words)?;
    println!("{}\n{words}", good(&stack, "wm1", &["status"])?.output);

    let names = |told: &Value| -> Vec<String> {
        let units = told["units"].as_array().cloned().unwrap_or_default();
        units.iter().filter_map(|unit| unit["unit"].as_str().map(str::to_owned)).collect()
    };
    let before = names(&good(&stack, "wm1", &["units", "--json"])?.json()?);
    stack.check(before.len() == 3, "three units", format!("{before:?}"))?;
    good(&stack, "wm1", &["stop", &before[0]])?;
    stack.until("another in its place", 20.0, || {
        let now = names(&good(&stack, "wm1", &["units", "--json"]).ok()?.json().ok()?);
        (now.len() == 3 && !now.contains(&before[0])).then_some(())
    })?;
    println!("{}", good(&stack, "wm1", &["units"])?.output);

    good(&stack, "wm1", &["drain"])?;
    stack.until_connected(0, 20.0)?;
    good(&stack, "wm1", &["undrain"])?;
    stack.until_connected(3, 20.0)?;
    good(&stack, "wm1", &["limits", "--clear"])?;
    stack.until_connected(1, 20.0)?;
    good(&stack, "wm1", &["limits", "--pin", "2", "--for", "2s"])?;
    stack.until_connected(2, 20.0)?;
    stack.until_connected(1, 20.0)?;

    let refused = ctl(&["limits", "--pin", "9", "--socket", &socket(&stack, "wm1")])?;
    let is_told = refused.errors.contains("max_task_concurrency");
    stack.check(refused.code == Some(1) && is_told, "a refusal with its reason", format!("{refused:?}"))?;
    let refused = ctl(&["stop", "nobody", "--socket", &socket(&stack, "wm1")])?;
    stack.check(
        refused.errors.contains("there is no unit nobody"),
        "a refusal with its reason",
        format!("{refused:?}"),
    )?;

    good(&stack, "wm1", &["shutdown"])?;
    let status = manager.wait(20.0)?;
    stack.check(status.code() == Some(0), "a clean end", status)?;
    stack.until_nothing_left(10.0)?;
    let gone = ctl(&["status", "--socket", &socket(&stack, "wm1")])?;
    stack.check(
        gone.code == Some(1) && gone.errors.contains("is the manager running"),
        "nobody there",
        format!("{gone:?}"),
    )
}

#[test]
fn a_drained_unit_finishes_what_runs_and_nothing_is_lost() -> Result<()> {
    let stack = told()?;
    let _manager = stack.connected_manager(&options("wm1", &[]))?;
    stack.wish(2)?;
    stack.until_connected(2, 20.0)?;
    let mut client = stack.client(&Script::Workload { tasks: 40, seconds: 0.2 })?;
    client.submitted()?;
    let units = good(&stack, "wm1", &["units", "--json"])?.json()?;
    let unit = units["units"][0]["unit"].as_str().unwrap_or_default().to_owned();
    good(&stack, "wm1", &["drain", &unit])?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 40, "40 right results", format!("{finished:?}"))?;
    stack.until("another in its place", 20.0, || {
        let told = good(&stack, "wm1", &["units", "--json"]).ok()?.output;
        (!told.contains(&unit) && stack.connected() == 2).then_some(())
    })
}
