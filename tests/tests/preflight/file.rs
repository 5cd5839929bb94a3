//! Whole files, whose parts are not there yet.

use std::net::{Ipv4Addr, TcpListener};

use scaler_wm_tests::{Failure, LATEST, Result, UpStack};

fn file(stack: &UpStack, policy: &str) -> String {
    let scheduler = format!("{}policy_content = \"{policy}\"\n", stack.scheduler_section());
    [stack.storage_section(), scheduler, stack.manager_section("dyn", 2, ""), stack.gui_section()].concat()
}

#[test]
fn what_a_file_starts_itself_need_not_be_there() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let good = file(&stack, "allocate=even_load; scaling=vanilla");
    let looked = stack.preflight(&good, &["--json"])?;
    looked.is_good(&["address", "monitor", "command", "policy", "state folder", "python"])?;
    looked.says("scheduler", "skipped", &["this file starts it"])?;
    stack.until_nothing_left(1.0)?;

    // What people read: the same, in lines, and their number at the end.
    let lines = stack.preflight(&good, &[])?;
    print!("{}", lines.said);
    stack.check(lines.code == Some(0), "exit code 0", &lines.said)?;
    let count = lines.said.lines().count();
    stack.check(count == looked.checks.len() + 1, "a line for each check, and one more", count)?;
    let last = lines.said.lines().last().unwrap_or_default();
    stack.check(last.starts_with(&format!("{} checks: ", looked.checks.len())), "the count at the end", last)?;

    // What it promised is so.
    let mut up = stack.all_up(&good, &[])?;
    let looked = stack.preflight(&good, &["--json"])?;
    stack.check(looked.code == Some(1), "exit code 1", &looked.said)?;
    looked.says("address", "failed", &["in use", "an earlier start"])?;
    looked.says("state folder", "failed", &[&format!("process {}", up.pid())])?;
    stack.check(up.exited().is_none(), "what runs left alone", up.errors().tail(5))
}

#[test]
fn a_policy_that_never_asks_is_found() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let looked = stack.preflight(&file(&stack, "allocate=even_load; scaling=no"), &["--json"])?;
    stack.check(looked.code == Some(0), "exit code 0", &looked.said)?;
    looked.says("policy", "warning", &["scaling no", "dyn", "nothing is ever started", "scaling=vanilla"])?;
    let rules = "1,other,10\"\npolicy_engine_type = \"waterfall_v1";
    stack.preflight(&file(&stack, rules), &["--json"])?.says("policy", "warning", &["waterfall_v1", "dyn", "rule"])?;
    let rules = "1,dyn,10\"\npolicy_engine_type = \"waterfall_v1";
    let unlimited = file(&stack, rules).replace("max_task_concurrency = 2", "max_task_concurrency = -1");
    stack.check(unlimited.contains("= -1"), "a manager without a limit", &unlimited)?;
    stack.preflight(&unlimited, &["--json"])?.is_good(&["policy"])?;
    let nonsense = stack.preflight(&file(&stack, "scaling=sometimes"), &["--json"])?;
    nonsense.has_failed("policy", &["policy_content"])
}

#[test]
fn a_port_that_is_taken_is_found() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, stack.ports().storage));
    let _taken = taken.map_err(|error| Failure::new("take a port", error))?;
    let looked = stack.preflight(&file(&stack, "allocate=even_load; scaling=vanilla"), &["--json"])?;
    looked.has_failed("address", &[&stack.ports().storage.to_string(), "in use", "bind_address"])
}
