//! What EC2 does on bad days, and what a manager makes of it: it goes on beating, says each cause once, and has what is
//! wanted soon after.

use scaler_wm_tests::{ApiError, Ec2Stack, Faults, Manager, ManagerOptions, Result, now};

use crate::setup::{self, ONE_WORKER, ends_clean, idle, ids, launches, until_there};

/// Instances that are wanted: one call.
const WANTED: u32 = 40;
/// One and a half intervals of the default heartbeat, in seconds.
const LONGEST_SILENCE: f64 = 3.0;
/// What EC2 says to whoever may not do something.
const DENIED: &str = "You are not authorized to perform this operation. User: arn:aws:iam::1:user/x";

fn options(extra: &[&str]) -> ManagerOptions {
    setup::options(&[&ONE_WORKER, extra].concat())
}

/// A stack over instances that are no processes, with a manager of instances of one worker each.
fn start(extra: &[&str]) -> Result<(Ec2Stack, Manager)> {
    idle(&[&ONE_WORKER, extra].concat())
}

fn fail(ec2: &Ec2Stack, error: ApiError) {
    ec2.cloud.proxy.set_faults(Faults { errors: vec![error], ..Faults::default() });
}

/// The manager has said each of these once, and little else that is bad.
pub(crate) fn said_once(ec2: &Ec2Stack, manager: &Manager, causes: &[&str]) -> Result<()> {
    for cause in causes {
        let lines = manager.log().lines_with(&["WARN", "will try again", cause]);
        ec2.check(lines.len() == 1, &format!("one line about {cause}"), format!("{lines:#?}"))?;
    }
    let warned = manager.log().lines_with(&["WARN"]);
    ec2.check(warned.len() <= causes.len() + 2, "few warnings", format!("{warned:#?}"))
}

pub(crate) fn beats_on(ec2: &Ec2Stack, since: f64) -> Result<()> {
    let silence = ec2.stack.longest_silence(since, now());
    ec2.check(silence < LONGEST_SILENCE, "a heartbeat every other second", format!("none for {silence:.2} s"))
}

#[test]
fn half_of_all_calls_are_throttled() -> Result<()> {
    // A throttled launch starts over at an empty bucket, which this fills within two seconds.
    let (ec2, mut manager) = start(&["--ec2-instances-per-second", "20"])?;
    let began = now();
    ec2.cloud.proxy.set_faults(Faults { throttled: 0.5, seed: 7, ..Faults::default() });
    ec2.stack.wish(WANTED)?;
    until_there(&ec2, WANTED, 60.0)?;
    beats_on(&ec2, began)?;
    ec2.stack.wish(3)?;
    until_there(&ec2, 3, 60.0)?;
    beats_on(&ec2, began)?;
    let repeated = manager.log().lines_with(&["WARN", "will try again"]);
    ec2.check(repeated.len() <= 3, "a line per cause, not per try", format!("{repeated:#?}"))?;
    ec2.cloud.proxy.set_faults(Faults::default());
    ends_clean(&ec2, &mut manager)
}

#[test]
fn every_call_takes_twelve_seconds() -> Result<()> {
    let (ec2, mut manager) = start(&["--stop-timeout-seconds", "30"])?;
    let began = now();
    ec2.cloud.proxy.set_faults(Faults { latency: 12.0, ..Faults::default() });
    ec2.stack.wish(WANTED)?;
    until_there(&ec2, WANTED, 40.0)?;
    // Looks come and go while the answer is still on its way: nothing is launched a second time.
    let calls = || ec2.cloud.proxy.calls_of("RunInstances").len();
    ec2.until("the answer", 40.0, || (calls() == 1).then_some(()))?;
    let looks = ec2.cloud.proxy.calls_of("DescribeInstances").len();
    ec2.until("a look after it", 60.0, || {
        (ec2.cloud.proxy.calls_of("DescribeInstances").len() > looks + 1).then_some(())
    })?;
    ec2.check(calls() == 1 && ec2.units()?.len() == WANTED as usize, "one call", calls())?;
    beats_on(&ec2, began)?;
    ec2.check(ec2.scheduler().manager_connected(), "a manager that stays connected", "it was dropped")?;
    ec2.cloud.proxy.set_faults(Faults::default());
    ends_clean(&ec2, &mut manager)
}

#[test]
fn nothing_answers_for_a_minute() -> Result<()> {
    let (ec2, mut manager) = start(&[])?;
    ec2.stack.wish(4)?;
    let before = until_there(&ec2, 4, 20.0)?;
    let began = now();
    ec2.cloud.proxy.set_faults(Faults { is_down: true, ..Faults::default() });
    ec2.stack.wish(WANTED)?;
    ec2.until("a minute pass", 70.0, || (now() - began >= 60.0).then_some(()))?;
    ec2.check(ids(&ec2.units()?) == ids(&before), "the four that were there", "others")?;
    ec2.cloud.proxy.set_faults(Faults::default());
    let after = until_there(&ec2, WANTED, 45.0)?;
    ec2.check(ids(&after).is_superset(&ids(&before)), "them among all", "others")?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["failed to start instances", "failed to describe instances"])?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn launches_fail_a_few_times() -> Result<()> {
    let (ec2, mut manager) = start(&[])?;
    let began = now();
    fail(&ec2, ApiError::new("InternalError", "try later").status(500).on("RunInstances").times(3));
    ec2.stack.wish(WANTED)?;
    until_there(&ec2, WANTED, 30.0)?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["failed to start instances"])?;
    // Nobody knew what had come of it: it was the same launch each time.
    let tokens = launches(&ec2, 4)?.into_iter().map(|call| call.body["ClientToken"].clone()).collect::<Vec<_>>();
    ec2.check(tokens.iter().all(|token| *token == tokens[0]), "one token", format!("{tokens:?}"))?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn credentials_run_out_and_are_renewed() -> Result<()> {
    let (ec2, mut manager) = start(&[])?;
    ec2.stack.wish(4)?;
    let before = until_there(&ec2, 4, 20.0)?;
    let began = now();
    fail(&ec2, ApiError::new("RequestExpired", "Request has expired."));
    ec2.stack.wish(WANTED)?;
    ec2.until("it said", 20.0, || {
        let said = |words| !manager.log().lines_with(&["credentials expired", words]).is_empty();
        (said("start instances") && said("describe instances")).then_some(())
    })?;
    ec2.check(ids(&ec2.units()?) == ids(&before), "the four that were there", "others")?;
    ec2.cloud.proxy.set_faults(Faults::default());
    until_there(&ec2, WANTED, 30.0)?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["failed to start instances", "failed to describe instances"])?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn a_permission_is_taken_away_and_given_back() -> Result<()> {
    let (ec2, mut manager) = start(&[])?;
    ec2.stack.wish(4)?;
    let before = until_there(&ec2, 4, 20.0)?;
    let began = now();
    fail(&ec2, ApiError::new("UnauthorizedOperation", DENIED).status(403).on("RunInstances"));
    ec2.stack.wish(WANTED)?;
    ec2.until("it said", 20.0, || (!manager.log().lines_with(&["denied", DENIED]).is_empty()).then_some(()))?;
    ec2.check(ids(&ec2.units()?) == ids(&before), "the four that were there", "others")?;
    ec2.cloud.proxy.set_faults(Faults::default());
    until_there(&ec2, WANTED, 30.0)?;
    beats_on(&ec2, began)?;
    said_once(&ec2, &manager, &["failed to start instances"])?;
    ends_clean(&ec2, &mut manager)
}

#[test]
fn what_was_never_allowed_ends_the_manager_with_the_reason() -> Result<()> {
    let (ec2, mut manager) = start(&[])?;
    fail(&ec2, ApiError::new("UnauthorizedOperation", DENIED).status(403).on("RunInstances"));
    ec2.stack.wish(1)?;
    let status = manager.wait(20.0).map_err(|failure| ec2.explain(failure))?;
    ec2.check(status.code() == Some(1), "exit code 1", status)?;
    let said = manager.log().lines_with(&["error:", DENIED]);
    ec2.check(said.len() == 1, "the reason, once", format!("{said:#?}"))?;
    let left = ec2.cloud.emulator.resources()?;
    ec2.check(left.is_empty(), "nothing temporary left", format!("{left:?}"))
}

#[test]
fn ends_that_fail_are_tried_again_and_what_stays_is_told() -> Result<()> {
    let (ec2, mut manager) = start(&["--stop-timeout-seconds", "4"])?;
    ec2.stack.wish(12)?;
    until_there(&ec2, 12, 20.0)?;
    let failing = ApiError::new("InternalError", "try later").status(500).on("TerminateInstances");
    fail(&ec2, failing.clone().times(3));
    ec2.stack.wish(4)?;
    let left = until_there(&ec2, 4, 30.0)?;
    // Now none works, until the deadline has passed.
    fail(&ec2, failing);
    let began = now();
    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| ec2.explain(failure))?;
    ec2.check(status.code() == Some(1) && now() - began < 17.0, "an end soon after the deadline", status)?;
    let told = manager.log().lines_with(&["these units could not be ended"]);
    let names_all = told.len() == 1 && left.iter().all(|unit| told[0].contains(&unit.id));
    ec2.check(names_all, "what is left behind", format!("{told:#?}"))?;
    ec2.check(ids(&ec2.units()?) == ids(&left), "four instances", "others")?;
    // They are on record: the next process has them.
    ec2.cloud.proxy.set_faults(Faults::default());
    ec2.stack.wish(0)?;
    let mut next = ec2.manager(&options(&[]))?;
    ec2.until_nothing_left(40.0)?;
    // So are key pair and group.
    ends_clean(&ec2, &mut next)
}
