//! Sessions that are lost, instances that die, a Symphony that does not answer, and what cannot work.

use scaler_wm_tests::{Commanded, Result, Script, Stack, StackOptions, Symphony};

use crate::setup::{ends_clean, options, refuses, start};

#[test]
fn a_session_that_is_lost_in_the_middle_costs_nothing() -> Result<()> {
    for (faults, said) in [
        ("session-aborted=20", "the session is open again, with its tasks"),
        ("session-aborted=20,session-gone", "the session cannot be opened again"),
    ] {
        let (stack, symphony, mut manager) = start(&[])?;
        symphony.set_faults(faults)?;
        let mut client = stack.client(&Script::Workload { tasks: 100, seconds: 0.05 })?;
        let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
        stack.check(finished.right && finished.done == 100, "100 right results", format!("{finished:?}"))?;
        let lines = manager.log().lines_with(&[said]);
        stack.check(lines.len() == 1, said, format!("{lines:?}"))?;
        ends_clean(&stack, &symphony, &mut manager)?;
    }
    Ok(())
}

#[test]
fn a_task_whose_instance_is_killed_runs_on_another_one() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    let client = Commanded::new(&stack)?;
    client.submit(2)?;
    client.until_started(&[0, 1])?;
    let instances = symphony.instances();
    stack.check(instances.len() >= 2, "an instance each", format!("{instances:?}"))?;
    instances.iter().for_each(scaler_wm_tests::Proc::kill);
    client.until_started(&[0, 0, 1, 1])?;
    let outcomes = client.finish(60.0)?;
    let is_right = outcomes.len() == 2 && outcomes.iter().all(|outcome| outcome.contains("result"));
    stack.check(is_right, "right results", format!("{outcomes:?}"))?;
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn a_task_that_symphony_gives_up_tells_why() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    symphony.set_faults("instance-killed=1,task-retries=1")?;
    let client = Commanded::new(&stack)?;
    client.submit(1)?;
    let outcomes = client.finish(60.0)?;
    let is_told = outcomes.len() == 1 && outcomes[0].contains("Symphony says: ");
    stack.check(is_told, "Symphony's own words at the client", format!("{outcomes:?}"))?;
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn a_symphony_that_does_not_answer_is_waited_for() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let mut late = options(&symphony, &[]);
    late.environment.push(("SCALER_SOAM_SIM_FAULTS".to_owned(), "connect-refused=3,submit-refused=2".to_owned()));
    let mut manager = stack.connected_manager(&late)?;
    let said = manager.log().lines_with(&["Symphony does not answer: will try again"]);
    stack.check(said.len() == 1, "that it does not answer, once", manager.log().tail(10))?;
    let client = Commanded::new(&stack)?;
    // Two of them are refused, for no reason that is known.
    client.submit(4)?;
    let outcomes = client.finish(60.0)?;
    let refused = outcomes.iter().filter(|outcome| outcome.contains("submit a task to Symphony")).count();
    stack.check(refused == 2, "two that were refused", format!("{outcomes:?}"))?;
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn what_cannot_work_is_told_with_the_way_out() -> Result<()> {
    let none = ("SCALER_WM_NOTHING", "");
    refuses(&["--soam-library", "/nowhere/libx.so"], none, &["/nowhere/libx.so", "--soam-library", "SOAM_HOME"])?;
    refuses(&["--soam-library", "libc.so.6"], none, &["has no scaler_soam_get_api", "build the shim"])?;
    refuses(&[], ("SCALER_SOAM_SIM_FAULTS", "abi-mismatch"), &["does not serve version 1.0"])?;
    refuses(&[], ("SCALER_WM_SYMPHONY_PASSWORD", "hush"), &["(denied)", "--security-user"])?;
    refuses(&["--service-name", "Nobody"], none, &["`Nobody`", "--service-name"])
}
