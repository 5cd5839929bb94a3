//! What happens, in order and without a gap.

use std::process::Command;

use scaler_wm_tests::{Result, manager_binary};
use serde_json::Value;

use crate::operated::Operated;

fn lines(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn number(event: &Value) -> u64 {
    event["sequence"].as_u64().unwrap_or_default()
}

#[test]
fn events_are_followed_and_gone_on_with_from_a_number() -> Result<()> {
    let mut operated = Operated::start()?;
    let socket = operated.socket();
    let mut command = Command::new(manager_binary()?);
    command.args(["ctl", "events", "--follow", "--json", "--socket"]);
    let mut follower = operated.stack.process("follower", command.arg(&socket))?;
    let log = follower.log().clone();
    let followed = || lines(&log.text());
    operated.stack.until("the first events", 20.0, || (!followed().is_empty()).then_some(()))?;
    operated.stack.wish(2)?;
    let units = operated.until_units(2)?;
    operated.stack.until("two that are ready", 20.0, || {
        (followed().iter().filter(|event| event["kind"] == "unit_ready").count() == 2).then_some(())
    })?;
    let seen = followed();
    let kinds: Vec<&str> = seen.iter().filter_map(|event| event["kind"].as_str()).collect();
    for kind in ["link_up", "target", "launch_started", "unit_started", "unit_ready"] {
        operated.stack.check(kinds.contains(&kind), &format!("{kind} among them"), format!("{kinds:?}"))?;
    }
    let has_no_gap = seen.windows(2).all(|pair| number(&pair[1]) == number(&pair[0]) + 1);
    operated.stack.check(has_no_gap, "no gap", format!("{seen:?}"))?;
    let names = |event: &Value| units.iter().any(|unit| event["unit"] == **unit) && event["text"] != "";
    operated.stack.check(seen.iter().any(names), "which unit, and words", format!("{seen:?}"))?;

    // Without --follow it ends with the last one; what somebody has is not told again.
    let middle = number(&seen[seen.len() / 2]);
    let rest = operated.does(&["events", "--json", "--after", &middle.to_string()])?;
    let rest = lines(&rest);
    let goes_on = rest.first().map(number) == Some(middle + 1)
        && rest.windows(2).all(|pair| number(&pair[1]) == number(&pair[0]) + 1);
    operated.stack.check(goes_on, "those after the middle", format!("{rest:?}"))?;
    let last = rest.last().map(number).unwrap_or_default();
    let none = operated.does(&["events", "--json", "--after", &last.to_string()])?;
    operated.stack.check(none.is_empty(), "nothing new", &none)?;
    operated.refuses(&["events", "--after", "7"], "are not kept any more; go on after ")?;
    let words = operated.does(&["events"])?;
    operated.stack.check(words.contains("the scheduler answers"), "words for people", &words)?;

    // Whoever follows hears of the end, and ends.
    operated.manager.terminate();
    operated.manager.wait(20.0).map_err(|failure| operated.stack.explain(failure))?;
    follower.wait(10.0).map_err(|failure| operated.stack.explain(failure))?;
    let seen = followed();
    let ends = seen.iter().any(|event| event["kind"] == "ending")
        && seen.iter().filter(|event| event["kind"] == "unit_gone").count() == 2;
    operated.stack.check(ends, "the end", log.text())
}
