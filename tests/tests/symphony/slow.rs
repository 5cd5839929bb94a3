//! A library whose calls and callbacks take their time: the thread that waits for it must be the only one that does.

use std::time::Instant;

use scaler_wm_tests::{Commanded, ManagerOptions, Result, Script, Stack, StackOptions, Symphony, now};

use crate::setup::{ends_clean, options, start};

/// When this scheduler gives up a worker that it does not hear from, in seconds. How long it waits for managers is fixed.
const PATIENCE: &str = "4";
/// More than that, in heartbeats of a second each.
const BEATS: usize = 7;

/// The scheduler notes heartbeats, wants one agent, and is not patient.
fn impatient() -> Result<(Stack, Symphony, ManagerOptions)> {
    let arguments = ["-wt", PATIENCE].map(str::to_owned).to_vec();
    let stack =
        Stack::start(StackOptions { is_told: true, scheduler_arguments: arguments, ..StackOptions::default() })?;
    stack.wish(1)?;
    let symphony = Symphony::new(&stack)?;
    let mut told = options(&symphony, &[]);
    told.heartbeat = Some(1.0);
    Ok((stack, symphony, told))
}

/// Heartbeats come as ever while the library is stuck, and nobody is given up.
fn lives_on(stack: &Stack) -> Result<()> {
    let (since, before) = (now(), stack.heartbeats().len());
    let more = || (stack.heartbeats().len() >= before + BEATS).then_some(());
    stack.until("heartbeats of a manager whose library is stuck", 60.0, more)?;
    let silence = stack.longest_silence(since, now());
    println!("the longest silence was {silence:.2} s");
    stack.check(silence < 3.0, "no silence", silence)?;
    nobody_was_given_up(stack)
}

fn nobody_was_given_up(stack: &Stack) -> Result<()> {
    let gone = stack.scheduler().file().lines_with(&["disconnected"]);
    let gone: Vec<_> = gone.iter().filter(|line| !line.contains("ClientID")).collect();
    stack.check(gone.is_empty(), "nobody given up", format!("{gone:?}"))
}

#[test]
fn heartbeats_go_on_while_a_submit_blocks_and_while_callbacks_do() -> Result<()> {
    for faults in ["submit-blocks=3600000", "slow-callbacks=3600000"] {
        let (stack, symphony, told) = impatient()?;
        symphony.set_faults(faults)?;
        let mut manager = stack.connected_manager(&told)?;
        let mut client = stack.client(&Script::Workload { tasks: 20, seconds: 0.0 })?;
        // A session is made for the first submit, and answers are written before they are told.
        let is_stuck = || match faults.starts_with("submit") {
            true => symphony.sessions().len() == 1,
            false => symphony.answers() > 0,
        };
        stack.until("a library that is stuck", 60.0, || is_stuck().then_some(()))?;
        lives_on(&stack)?;
        stack.check(client.done() == 0, "no result yet", client.done())?;
        symphony.set_faults("")?;
        let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
        stack.check(finished.right && finished.done == 20, "20 right results", format!("{finished:?}"))?;
        nobody_was_given_up(&stack)?;
        println!("{faults}: 20 in, 20 right, nobody given up");
        ends_clean(&stack, &symphony, &mut manager)?;
    }
    Ok(())
}

#[test]
fn a_library_that_is_slow_loses_nothing() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    symphony.set_faults("submit-blocks=20,slow-callbacks=100,output-early=7,output-twice=5")?;
    let mut client = stack.client(&Script::Workload { tasks: 60, seconds: 0.0 })?;
    let finished = client.finish(120.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 60, "60 right results", format!("{finished:?}"))?;
    println!("60 tasks in {:.1} s", finished.seconds);
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn one_that_is_asked_to_end_in_a_submit_that_blocks_waits_for_that_one_alone() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    // With ten tasks this is half a minute: those that wait must not go out any more.
    symphony.set_faults("submit-blocks=3000")?;
    let client = Commanded::new(&stack)?;
    client.submit(10)?;
    stack.until("a session", 30.0, || (symphony.sessions().len() == 1).then_some(()))?;
    let since = Instant::now();
    ends_clean(&stack, &symphony, &mut manager)?;
    println!("ended {:.1} s after it was asked to", since.elapsed().as_secs_f64());
    // Ten of them are the tasks' time to end by themselves.
    stack.check(since.elapsed().as_secs() < 20, "an end in time", format!("{:?}", since.elapsed()))
}

#[test]
fn one_whose_submit_never_returns_ends_all_the_same() -> Result<()> {
    let (stack, symphony, mut manager) = start(&[])?;
    symphony.set_faults("submit-blocks=3600000")?;
    let client = Commanded::new(&stack)?;
    client.submit(3)?;
    stack.until("a session", 30.0, || (symphony.sessions().len() == 1).then_some(()))?;
    let since = Instant::now();
    manager.terminate();
    let status = manager.wait(60.0).map_err(|failure| stack.explain(failure))?;
    println!("{status} {:.1} s after it was asked to end", since.elapsed().as_secs_f64());
    // It cannot say that all is well, and says so.
    stack.check(status.code() == Some(1), "exit code 1", status)?;
    let said = manager.log().lines_with(&["could not be ended", "the next manager with this id"]);
    stack.check(said.len() == 1, "what is left and what comes of it", manager.log().tail(6))?;
    stack.check(since.elapsed().as_secs() < 40, "an end in time", format!("{:?}", since.elapsed()))?;
    // Its session is on record: the next one ends it, and runs the tasks.
    symphony.set_faults("")?;
    let mut next = stack.manager(&options(&symphony, &[]))?;
    client.finish_right(&[0, 1, 2])?;
    ends_clean(&stack, &symphony, &mut next)
}
