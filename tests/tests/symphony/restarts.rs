//! Managers that are killed or asked to end, and those that come after them.

use scaler_wm_tests::{Commanded, Result};

use crate::setup::{ends_clean, options, start};

#[test]
fn after_a_kill_the_next_one_takes_up_what_runs() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    let client = Commanded::new(&stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2, 3])?;
    manager.kill();
    let mut next = stack.manager(&options(&symphony, &[]))?;
    client.finish_right(&[0, 1, 2, 3])?;
    ends_clean(&stack, &symphony, &mut next)
}

#[test]
fn what_ends_while_no_manager_is_there_is_found_by_the_next_one() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    let client = Commanded::new(&stack)?;
    client.submit(2)?;
    client.until_started(&[0, 1])?;
    manager.kill();
    client.client.release(0)?;
    stack.until("no instance left", 30.0, || symphony.instances().is_empty().then_some(()))?;
    let mut next = stack.manager(&options(&symphony, &[]))?;
    client.finish_right(&[0, 1])?;
    ends_clean(&stack, &symphony, &mut next)
}

#[test]
fn what_is_kept_runs_on_and_is_taken_up() -> Result<()> {
    let keep = ["--on-exit", "keep"];
    let (stack, symphony, mut manager) = start(&keep)?;
    let client = Commanded::new(&stack)?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2])?;
    manager.terminate();
    let status = manager.wait(40.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.code() == Some(0), "exit code 0", status)?;
    stack.check(symphony.sessions().len() == 1, "its session", format!("{:?}", symphony.sessions()))?;
    let mut next = stack.manager(&options(&symphony, &[]))?;
    client.finish_right(&[0, 1, 2])?;
    ends_clean(&stack, &symphony, &mut next)
}

#[test]
fn one_that_is_asked_to_end_leaves_nothing() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    let client = Commanded::new(&stack)?;
    client.submit(3)?;
    client.until_started(&[0, 1, 2])?;
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn what_a_manager_has_left_that_was_killed_goes_with_the_next_one() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    let client = Commanded::new(&stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    client.finish_right(&[0])?;
    stack.check(symphony.sessions().len() == 1, "a session", format!("{:?}", symphony.sessions()))?;
    manager.kill();
    let mut next = stack.manager(&options(&symphony, &[]))?;
    let answers = || !next.log().lines_with(&["the scheduler answers"]).is_empty();
    stack.until("the next one at the scheduler", 30.0, || answers().then_some(()))?;
    ends_clean(&stack, &symphony, &mut next)
}
