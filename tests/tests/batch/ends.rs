//! How jobs end.

use scaler_wm_tests::{BatchOptions, Result, Runner};
use serde_json::{Value, json};

use crate::account::Account;

/// What a job does that has to be ended.
const FOR_EVER: &str = "echo ready; exec sleep 600";

/// State, reason, exit code and the reason of the container, as they are described.
fn ending(account: &Account, id: &str) -> Result<[Value; 4]> {
    account.cloud.until(&format!("the end of {id}"), 30.0, || {
        account.cloud.emulator.job(id).ok().filter(scaler_wm_tests::Job::is_over)
    })?;
    let told = account.describe_one(id)?;
    let container = &told["container"];
    Ok([&told["status"], &told["statusReason"], &container["exitCode"], &container["reason"]].map(Value::clone))
}

#[test]
fn the_end_of_a_job_is_told_with_its_reason() -> Result<()> {
    let account = Account::with(&BatchOptions { minute_seconds: 1.0, ..BatchOptions::default() })?;
    let exited = "Essential container in task exited";
    let well = account.script("true", &json!({}))?;
    assert_eq!(ending(&account, &well)?, [json!("SUCCEEDED"), json!(exited), json!(0), Value::Null]);
    let badly = account.script("exit 7", &json!({}))?;
    assert_eq!(ending(&account, &badly)?, [json!("FAILED"), json!(exited), json!(7), Value::Null]);
    assert_eq!(account.describe_one(&badly)?["attempts"][0]["container"]["exitCode"], 7);

    let killed = account.script(FOR_EVER, &json!({}))?;
    account.until_printed(&killed, "ready")?;
    account.cloud.emulator.kill_unit(&account.cloud.emulator.job(&killed)?);
    assert_eq!(ending(&account, &killed)?, [json!("FAILED"), json!(exited), json!(137), Value::Null]);

    let lost = account.script(FOR_EVER, &json!({}))?;
    account.until_printed(&lost, "ready")?;
    account.cloud.emulator.lose_host(&account.cloud.emulator.job(&lost)?)?;
    let host = json!("Host EC2 (instance i-0123456789abcdef0) terminated.");
    assert_eq!(ending(&account, &lost)?, [json!("FAILED"), host, Value::Null, Value::Null]);

    let late = account.script(FOR_EVER, &json!({"timeout": {"attemptDurationSeconds": 60}}))?;
    let reason = json!("Job attempt duration exceeded timeout");
    assert_eq!(ending(&account, &late)?, [json!("FAILED"), reason, json!(143), Value::Null]);

    let missing = account.submit(Runner::Missing, &json!({}), &json!({}))?;
    let [status, reason, code, detail] = ending(&account, &missing)?;
    assert_eq!([status, reason, code], [json!("FAILED"), json!("Task failed to start"), Value::Null]);
    assert!(detail.as_str().is_some_and(|detail| detail.starts_with("CannotPullContainerError: ")), "{detail}");
    account.cloud.until_nothing_left(5.0)
}

#[test]
fn a_cancel_ends_only_what_has_not_begun_to_start() -> Result<()> {
    let account = Account::with(&BatchOptions { at_once: Some(1), ..BatchOptions::default() })?;
    let running = account.script(FOR_EVER, &json!({}))?;
    let waiting = account.script(FOR_EVER, &json!({}))?;
    account.until_printed(&running, "ready")?;
    for id in [&running, &waiting] {
        account.cancel(id)?;
    }
    assert_eq!(ending(&account, &waiting)?, [json!("FAILED"), json!("not wanted"), Value::Null, Value::Null]);
    let told = account.describe(&[&waiting, &running])?;
    assert_eq!([&told[0]["isCancelled"], &told[1]["isCancelled"]], [true, false]);
    assert_eq!(told[1]["status"], "RUNNING");
    account.terminate(&running)?;
    assert_eq!(ending(&account, &running)?, [json!("FAILED"), json!("enough"), json!(143), Value::Null]);
    // What is over is not ended again, and what never was is no error.
    for id in [&running, "10000000-0000-0000-0000-000000000000"] {
        account.cancel(id)?;
        account.terminate(id)?;
    }
    assert_eq!(account.describe_one(&running)?["statusReason"], "enough");
    account.cloud.until_nothing_left(5.0)
}

#[test]
fn children_end_one_by_one_or_with_their_parent() -> Result<()> {
    let account = Account::with(&BatchOptions { at_once: Some(2), ..BatchOptions::default() })?;
    let array = account.script(FOR_EVER, &json!({"arrayProperties": {"size": 4}}))?;
    let child = |index: u32| format!("{array}:{index}");
    for index in [0, 1] {
        account.until_printed(&child(index), "ready")?;
    }
    account.terminate(&child(0))?;
    account.until(&child(0), "FAILED")?;
    // There was room for another one.
    account.until_printed(&child(2), "ready")?;
    assert_eq!(account.cloud.emulator.job(&array)?.status, "PENDING");
    account.cancel(&array)?;
    assert_eq!(ending(&account, &child(3))?[1], "not wanted");
    assert_eq!(account.cloud.running()?.len(), 2);
    account.terminate(&array)?;
    account.until(&array, "FAILED")?;
    assert_eq!(ending(&account, &child(1))?[1], "enough");
    let told = account.describe_one(&array)?;
    assert_eq!((&told["statusReason"], &told["isTerminated"]), (&json!("Array Child Job failed"), &json!(true)));
    assert_eq!(told["arrayProperties"]["statusSummary"]["FAILED"], 4);
    account.cloud.until_nothing_left(5.0)
}

#[test]
fn what_does_not_listen_is_killed() -> Result<()> {
    let account = Account::with(&BatchOptions { stop_seconds: 0.5, ..BatchOptions::default() })?;
    let id = account.script("trap '' TERM; echo ready; while true; do sleep 1; done", &json!({}))?;
    account.until_printed(&id, "ready")?;
    account.terminate(&id)?;
    assert_eq!(ending(&account, &id)?, [json!("FAILED"), json!("enough"), json!(137), Value::Null]);
    Ok(())
}

#[test]
fn a_strategy_says_what_is_tried_again() -> Result<()> {
    let account = Account::with(&BatchOptions::default())?;
    let rules = json!([
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]);
    let strategy = json!({"retryStrategy": {"attempts": 2, "evaluateOnExit": rules}});
    let script = "echo ready $AWS_BATCH_JOB_ATTEMPT; test $AWS_BATCH_JOB_ATTEMPT = 2 || exec sleep 600";
    let lost = account.script(script, &strategy)?;
    account.until_printed(&lost, "ready 1")?;
    account.cloud.emulator.lose_host(&account.cloud.emulator.job(&lost)?)?;
    assert_eq!(ending(&account, &lost)?[0], "SUCCEEDED");
    assert_eq!(account.describe_one(&lost)?["attempts"].as_array().map(Vec::len), Some(2));
    let wrong = account.script("exit 1", &strategy)?;
    assert_eq!(ending(&account, &wrong)?[2], 1);
    assert_eq!(account.cloud.emulator.job(&wrong)?.attempts, 1);
    Ok(())
}
