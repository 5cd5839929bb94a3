//! What AWS does on bad days, and what a manager makes of it: it goes on beating, says each cause once, and has what is
//! wanted soon after.

use scaler_wm_tests::{
    ApiError, EcsStack, EcsStackOptions, EmulatorOptions, Faults, Manager, ManagerKind, ManagerOptions, Refusals,
    Result, StackOptions, now,
};

/// Tasks that are wanted: four calls.
const WANTED: u32 = 40;
/// One and a half intervals of the default heartbeat, in seconds.
const LONGEST_SILENCE: f64 = 3.0;

/// A stack whose scheduler is told what to wish, over tasks that are no processes, with a manager.
fn start(extra: &[&str]) -> Result<(EcsStack, Manager)> {
    let ecs = EcsStack::start(EcsStackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: EmulatorOptions { executes: false, ..EmulatorOptions::default() },
    })?;
    let manager = ecs.connected_manager(&options(extra))?;
    Ok((ecs, manager))
}

fn options(extra: &[&str]) -> ManagerOptions {
    let extra = ["--ecs-task-cpu", "1", "--observe-interval-seconds", "2"].iter().chain(extra);
    ManagerOptions {
        kind: ManagerKind::Ours,
        limit: 200,
        cooldown: Some(0.0),
        extra: extra.map(|word| (*word).to_owned()).collect(),
        ..ManagerOptions::default()
    }
}

/// Waits until so many tasks are there, and that no others came beside them.
fn until_there(ecs: &EcsStack, wanted: u32, seconds: f64) -> Result<()> {
    let what = format!("{wanted} tasks");
    ecs.until(&what, seconds, || (ecs.cloud.units().ok()?.len() == wanted as usize).then_some(()))
}

/// The manager has said each of these once, and that it works again.
fn said_once(ecs: &EcsStack, manager: &Manager, causes: &[&str]) -> Result<()> {
    for cause in causes {
        let lines = manager.log().lines_with(&["WARN", "will try again", cause]);
        ecs.check(lines.len() == 1, &format!("one line about {cause}"), format!("{lines:#?}"))?;
    }
    let warned = manager.log().lines_with(&["WARN"]);
    ecs.check(warned.len() <= causes.len() + 2, "few warnings", format!("{warned:#?}"))
}

fn beats_on(ecs: &EcsStack, since: f64) -> Result<()> {
    let silence = ecs.stack.longest_silence(since, now());
    ecs.check(silence < LONGEST_SILENCE, "a heartbeat every other second", format!("none for {silence:.2} s"))
}

/// It lets go of everything, and ends well.
fn ends_clean(ecs: &EcsStack, manager: &mut Manager) -> Result<()> {
    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(status.code() == Some(0), "exit code 0", status)?;
    ecs.until_nothing_left(5.0)
}

#[test]
fn half_of_all_calls_are_throttled() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    let began = now();
    ecs.cloud.proxy.set_faults(Faults { throttled: 0.5, seed: 7, ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    until_there(&ecs, WANTED, 60.0)?;
    beats_on(&ecs, began)?;
    ecs.stack.wish(3)?;
    until_there(&ecs, 3, 60.0)?;
    beats_on(&ecs, began)?;
    let repeated = manager.log().lines_with(&["WARN", "will try again"]);
    ecs.check(repeated.len() <= 3, "a line per cause, not per try", format!("{repeated:#?}"))?;
    ends_clean(&ecs, &mut manager)
}

#[test]
fn every_call_takes_twelve_seconds() -> Result<()> {
    let (ecs, mut manager) = start(&["--stop-timeout-seconds", "30"])?;
    let began = now();
    ecs.cloud.proxy.set_faults(Faults { latency: 12.0, ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    until_there(&ecs, WANTED, 40.0)?;
    // Looks come and go while the answers are still on their way: nothing is launched a second time.
    let calls = || ecs.cloud.proxy.calls_of("RunTask").len();
    ecs.until("the answers", 40.0, || (calls() == 4).then_some(()))?;
    let looks = ecs.cloud.proxy.calls_of("DescribeTasks").len();
    ecs.until("a look after them", 60.0, || {
        (ecs.cloud.proxy.calls_of("DescribeTasks").len() > looks + 1).then_some(())
    })?;
    ecs.check(calls() == 4 && ecs.units()?.len() == WANTED as usize, "four calls", calls())?;
    beats_on(&ecs, began)?;
    ecs.check(ecs.scheduler().manager_connected(), "a manager that stays connected", "it was dropped")?;
    ecs.cloud.proxy.set_faults(Faults::default());
    ends_clean(&ecs, &mut manager)
}

#[test]
fn nothing_answers_for_a_minute() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    ecs.stack.wish(4)?;
    until_there(&ecs, 4, 20.0)?;
    let began = now();
    ecs.cloud.proxy.set_faults(Faults { is_down: true, ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    ecs.until("a minute pass", 70.0, || (now() - began >= 60.0).then_some(()))?;
    ecs.check(ecs.units()?.len() == 4, "the four that were there", "others")?;
    ecs.cloud.proxy.set_faults(Faults::default());
    until_there(&ecs, WANTED, 45.0)?;
    beats_on(&ecs, began)?;
    said_once(&ecs, &manager, &["failed to start tasks", "failed to list tasks"])?;
    ends_clean(&ecs, &mut manager)
}

#[test]
fn calls_are_answered_with_failures() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    let began = now();
    let refusals = Refusals { calls: 6, reason: "AGENT".to_owned() };
    ecs.cloud.proxy.set_faults(Faults { refusals, ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    until_there(&ecs, WANTED, 30.0)?;
    beats_on(&ecs, began)?;
    said_once(&ecs, &manager, &["AGENT"])?;
    ends_clean(&ecs, &mut manager)
}

#[test]
fn calls_bring_a_part_of_what_they_ask_for() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    let began = now();
    ecs.cloud.proxy.set_faults(Faults { most_tasks: Some(3), ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    ecs.until("what one call each brings", 20.0, || (ecs.cloud.units().ok()?.len() == 12).then_some(()))?;
    ecs.cloud.proxy.set_faults(Faults::default());
    // Where there is no capacity, and no other tier, it is asked for again after half a minute.
    until_there(&ecs, WANTED, 60.0)?;
    beats_on(&ecs, began)?;
    said_once(&ecs, &manager, &["no capacity"])?;
    ends_clean(&ecs, &mut manager)
}

#[test]
fn credentials_run_out_and_are_renewed() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    ecs.stack.wish(4)?;
    until_there(&ecs, 4, 20.0)?;
    let began = now();
    let expired = ApiError::new("ExpiredTokenException", "The security token included in the request is expired");
    ecs.cloud.proxy.set_faults(Faults { errors: vec![expired], ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    ecs.until("it said", 20.0, || {
        let said = |words| !manager.log().lines_with(&["credentials expired", words]).is_empty();
        (said("start tasks") && said("list tasks")).then_some(())
    })?;
    ecs.check(ecs.units()?.len() == 4, "the four that were there", "others")?;
    ecs.cloud.proxy.set_faults(Faults::default());
    until_there(&ecs, WANTED, 30.0)?;
    beats_on(&ecs, began)?;
    said_once(&ecs, &manager, &["failed to start tasks", "failed to list tasks"])?;
    ends_clean(&ecs, &mut manager)
}

#[test]
fn a_permission_is_taken_away_and_given_back() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    ecs.stack.wish(4)?;
    until_there(&ecs, 4, 20.0)?;
    let began = now();
    let message = "User: arn:aws:iam::1:user/x is not authorized to perform: ecs:RunTask";
    let denied = ApiError::new("AccessDeniedException", message).on("RunTask");
    ecs.cloud.proxy.set_faults(Faults { errors: vec![denied], ..Faults::default() });
    ecs.stack.wish(WANTED)?;
    ecs.until("it said", 20.0, || (!manager.log().lines_with(&["denied", "ecs:RunTask"]).is_empty()).then_some(()))?;
    ecs.check(ecs.units()?.len() == 4, "the four that were there", "others")?;
    ecs.cloud.proxy.set_faults(Faults::default());
    until_there(&ecs, WANTED, 30.0)?;
    beats_on(&ecs, began)?;
    said_once(&ecs, &manager, &["failed to start tasks"])?;
    ends_clean(&ecs, &mut manager)
}

#[test]
fn what_was_never_allowed_ends_the_manager_with_the_reason() -> Result<()> {
    let (ecs, mut manager) = start(&[])?;
    let message = "User: arn:aws:iam::1:user/x is not authorized to perform: ecs:RunTask";
    let denied = ApiError::new("AccessDeniedException", message).on("RunTask");
    ecs.cloud.proxy.set_faults(Faults { errors: vec![denied], ..Faults::default() });
    ecs.stack.wish(1)?;
    let status = manager.wait(20.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(status.code() == Some(1), "exit code 1", status)?;
    let said = manager.log().lines_with(&["error:", message]);
    ecs.check(said.len() == 1, "the reason, once", format!("{said:#?}"))
}

#[test]
fn stops_that_fail_are_tried_again_and_what_stays_is_told() -> Result<()> {
    let (ecs, mut manager) = start(&["--stop-timeout-seconds", "4"])?;
    ecs.stack.wish(12)?;
    until_there(&ecs, 12, 20.0)?;
    let failing = ApiError::new("ServerException", "try later").status(500).on("StopTask");
    ecs.cloud.proxy.set_faults(Faults { errors: vec![failing.clone().times(5)], ..Faults::default() });
    ecs.stack.wish(4)?;
    until_there(&ecs, 4, 30.0)?;
    // Now none works, until the deadline has passed.
    ecs.cloud.proxy.set_faults(Faults { errors: vec![failing], ..Faults::default() });
    let began = now();
    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| ecs.explain(failure))?;
    ecs.check(status.code() == Some(1) && now() - began < 12.0, "an end soon after the deadline", status)?;
    let told = manager.log().lines_with(&["these units could not be ended", "arn:aws:ecs"]);
    ecs.check(told.len() == 1, "what is left behind", format!("{told:#?}"))?;
    ecs.check(ecs.units()?.len() == 4, "four tasks", "others")?;
    // They are on record: the next process has them.
    ecs.cloud.proxy.set_faults(Faults::default());
    ecs.stack.wish(0)?;
    let _next = ecs.manager(&options(&[]))?;
    ecs.until_nothing_left(40.0)
}
