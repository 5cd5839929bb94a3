//! What is listed, and what can be deleted.

use scaler_wm_tests::{BatchOptions, QUEUE, Result, Runner};
use serde_json::{Value, json};

use crate::account::Account;

fn account(succeeds: bool) -> Result<Account> {
    Account::with(&BatchOptions { executes: false, succeeds, ..BatchOptions::default() })
}

/// The ids on one page, and the token of the next one.
fn page(account: &Account, request: &Value) -> Result<(Vec<String>, Value)> {
    let answer = account.client.batch("ListJobs", request)?.ok()?;
    let jobs = answer["jobSummaryList"].as_array().into_iter().flatten();
    Ok((jobs.filter_map(|job| job["jobId"].as_str().map(str::to_owned)).collect(), answer["nextToken"].clone()))
}

#[test]
fn lists_are_filtered_by_name_or_state_and_come_in_pages() -> Result<()> {
    let account = account(false)?;
    let named = |name: &str| account.submit(Runner::Shell, &json!({}), &json!({"jobName": name}));
    let ids = [named("wm-one-a")?, named("wm-one-b")?, named("wm-two-a")?];
    let array = json!({"jobName": "WM-ONE-c", "arrayProperties": {"size": 3}});
    let array = account.submit(Runner::Shell, &json!({}), &array)?;
    let by_name = json!({"jobQueue": QUEUE, "filters": [{"name": "JOB_NAME", "values": ["wm-one-*"]}]});
    // The newest first, of any state, without children.
    assert_eq!(page(&account, &by_name)?.0, [&*array, &ids[1], &ids[0]]);
    let exactly = json!({"jobQueue": QUEUE, "filters": [{"name": "JOB_NAME", "values": ["wm-two-a"]}]});
    assert_eq!(page(&account, &exactly)?.0, [&*ids[2]]);
    // Without either, only what runs; the parent of an array never does.
    assert_eq!(page(&account, &json!({"jobQueue": QUEUE}))?.0, [&*ids[2], &ids[1], &ids[0]]);
    assert_eq!(page(&account, &json!({"jobQueue": QUEUE, "jobStatus": "PENDING"}))?.0, [&*array]);
    assert!(page(&account, &json!({"jobQueue": QUEUE, "jobStatus": "FAILED"}))?.0.is_empty());
    let children = json!({"arrayJobId": array, "jobStatus": "RUNNING", "maxResults": 2});
    let (first, token) = page(&account, &children)?;
    let mut next = children;
    next["nextToken"] = token;
    let (second, end) = page(&account, &next)?;
    assert_eq!(
        (first, second, end),
        (vec![format!("{array}:2"), format!("{array}:1")], vec![format!("{array}:0")], Value::Null)
    );
    for wrong in [json!({}), json!({"jobQueue": QUEUE, "arrayJobId": array}), json!({"jobQueue": "another"})] {
        assert_eq!(account.client.batch("ListJobs", &wrong)?.code.as_deref(), Some("ClientException"));
    }
    Ok(())
}

#[test]
fn a_hundred_jobs_are_described_at_once_and_no_more() -> Result<()> {
    let account = account(true)?;
    let array = account.submit(Runner::Shell, &json!({}), &json!({"arrayProperties": {"size": 101}}))?;
    let ids: Vec<String> = (0..101).map(|index| format!("{array}:{index}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(account.describe(&ids[1..])?.len(), 100);
    let refused = account.client.batch("DescribeJobs", &json!({"jobs": ids}))?;
    assert_eq!(refused.code.as_deref(), Some("ClientException"));
    Ok(())
}

#[test]
fn what_is_in_use_is_not_deleted() -> Result<()> {
    let account = account(true)?;
    let made = account.cloud.emulator.made()?;
    assert_eq!((made.queues.as_slice(), made.definitions.len()), ([QUEUE.to_owned()].as_slice(), Runner::ALL.len()));
    let environment = json!({"computeEnvironment": made.compute_environments[0]});
    let queue = json!({"jobQueue": QUEUE});
    let mut disable = [environment.clone(), queue.clone()];
    disable.iter_mut().for_each(|request| request["state"] = "DISABLED".into());
    let ask = |operation: &str, request: &Value| account.client.batch(operation, request);
    assert_eq!(ask("DeleteJobQueue", &queue)?.code.as_deref(), Some("ClientException"));
    assert_eq!(ask("DeleteComputeEnvironment", &environment)?.code.as_deref(), Some("ClientException"));
    ask("UpdateJobQueue", &disable[1])?.ok()?;
    ask("UpdateComputeEnvironment", &disable[0])?.ok()?;
    assert_eq!(ask("DeleteComputeEnvironment", &environment)?.code.as_deref(), Some("ClientException"));
    let refused = account.try_submit(Runner::Shell, &json!({}), &json!({}))?;
    assert_eq!(refused.code.as_deref(), Some("ClientException"));
    ask("DeleteJobQueue", &queue)?.ok()?;
    ask("DeleteComputeEnvironment", &environment)?.ok()?;
    let made = account.cloud.emulator.made()?;
    assert!(made.queues.is_empty() && made.compute_environments.is_empty(), "{made:?}");
    Ok(())
}

#[test]
fn an_account_can_be_empty() -> Result<()> {
    let account = Account::with(&BatchOptions { is_set_up: false, ..BatchOptions::default() })?;
    assert!(account.cloud.emulator.made()?.is_empty(), "{:?}", account.cloud.emulator.made()?);
    account.cloud.until_nothing_left(1.0)
}
