//! How things stand, and why.

use scaler_wm_tests::{Result, Script};

use crate::{operated::Operated, options};

#[test]
fn units_are_told_as_they_are_and_why() -> Result<()> {
    let operated = Operated::start()?;
    let stack = &operated.stack;
    operated.until("nothing wanted", |status| status["desired"] == 0)?;
    stack.check(operated.does(&["units"])?.contains("there are no units"), "no units", "some")?;

    stack.wish(2)?;
    let units = operated.until_units(2)?;
    let status = operated.status()?;
    for (key, value) in [("manager", "wm1"), ("type", "baremetal_native"), ("stage", "running")] {
        stack.check(status[key] == value, &format!("{key} {value}"), &status)?;
    }
    for (key, value) in [("wanted", 2), ("desired", 2), ("target", 2), ("on_order", 0), ("draining", 0)] {
        stack.check(status[key] == value, &format!("{key} {value}"), &status)?;
    }
    stack.check(status["limits"]["most_units"] == 4 && status["is_draining"] == false, "its limit", &status)?;
    let link = &status["link"];
    let is_up = link["is_up"] == true && link["wire_version"] == "2" && link["peer"].as_str() != Some("");
    stack.check(is_up, "the link to the scheduler", &status)?;

    // The same for people.
    let table = operated.does(&["status"])?;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let is_table = lines[0].starts_with(&["MANAGER", "TYPE", "STAGE"])
        && lines[1].starts_with(&["wm1", "baremetal_native", "running"]);
    stack.check(is_table, "a table", &table)?;
    let table = operated.does(&["units"])?;
    stack.check(table.lines().count() == 3 && units.iter().all(|unit| table.contains(unit)), "both units", &table)?;

    // What they do shows.
    let mut client = stack.client(&Script::Held { tasks: 2 })?;
    operated.until("two tasks", |status| status["tasks"] == 2)?;
    let all = operated.json(&["units"])?;
    let are_busy = all["units"].as_array().is_some_and(|all| all.iter().all(|unit| unit["state"] == "busy"));
    stack.check(are_busy, "busy units", &all)?;
    client.release(-1)?;
    client.finish(20.0).map_err(|failure| stack.explain(failure))?;

    let words = operated.does(&["explain"])?;
    for part in [
        "2 units there",
        "the scheduler wants a task concurrency of 2",
        "Not more, since",
        "2 are wanted",
        "start 2 units",
    ] {
        stack.check(words.contains(part), &format!("{part:?} among the reasons"), &words)?;
    }
    stack.wish(9)?;
    operated.until_units(4)?;
    let words = operated.json(&["explain"])?;
    let is_limit = |line: &serde_json::Value| line.as_str().is_some_and(|line| line.contains("--max-task-concurrency"));
    stack.check(words["not_more"].as_array().is_some_and(|lines| lines.iter().any(is_limit)), "the limit", &words)
}

#[test]
fn nobody_at_the_socket_is_said_with_what_to_do() -> Result<()> {
    let mut operated = Operated::start()?;
    operated.refuses(&["status", "--manager", "other"], "there is no manager other here; there is wm1")?;
    operated.manager.kill();
    operated.stack.check(operated.socket().exists(), "the socket of a process that was killed", "none")?;
    operated.refuses(&["status"], "nobody answers at ")?;
    let told = operated.ctl(&["status"])?;
    let names_it =
        told.errors.contains(&operated.socket().display().to_string()) && told.errors.contains("--socket PATH");
    operated.stack.check(names_it, "which socket, and what to do", &told.errors)?;
    // The next process takes the place over.
    operated.manager = operated.stack.manager(&options("wm1", &[]))?;
    operated.until("the next process", |status| status["stage"] == "running").map(drop)
}

#[test]
fn without_a_socket_there_is_none() -> Result<()> {
    let operated = Operated::with(&options("wm1", &["--control-socket", "none"]))?;
    operated.stack.check(!operated.socket().exists(), "no socket", "one")?;
    operated.refuses(&["status"], "nobody answers at ")
}
