//! What goes wrong, on demand.

use std::time::{Duration, Instant};

use scaler_wm_tests::{
    ApiError, AwsClient, Desired, Emulation, Faults, LogFile, Outcome, Refusals, Result, Task, until,
};
use serde_json::{Value, json};

use crate::account::{Account, CLUSTER, command, members, tasks};

#[test]
fn errors_are_those_of_aws_in_both_protocols() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    let denied = ApiError::new("AccessDeniedException", "no").on("RunTask").on("GetRole");
    proxy.set_faults(Faults { errors: vec![denied.times(2)], ..Faults::default() });
    let answer = account.run(&tasks(1, "a"))?;
    assert_eq!((answer.status, answer.code.as_deref()), (400, Some("AccessDeniedException")));
    assert_eq!(answer.body, json!({"__type": "AccessDeniedException", "message": "no"}));
    assert!(account.listed()?.is_empty(), "another operation");
    let role = account.client.iam("GetRole", &[("RoleName", "r")])?;
    assert_eq!((role.status, role.code.as_deref()), (400, Some("AccessDeniedException")));
    assert!(role.body.as_str().is_some_and(|text| text.contains("<Message>no</Message>")), "{}", role.body);
    let role = account.client.iam("GetRole", &[("RoleName", "r")])?;
    assert_eq!(role.code.as_deref(), Some("NoSuchEntity"), "the emulator's, as the error was for two calls");
    account.run(&tasks(1, "a"))?.ok()?;

    let call = &proxy.calls_of("GetRole")[0];
    assert_eq!((&*call.service, call.status, call.outcome), ("iam", 400, Outcome::Answered));
    let kept = LogFile::new(account.cloud.emulator.folder().join("calls.jsonl"));
    let kept: Vec<Value> = kept.text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(kept.len(), proxy.calls().len());
    assert_eq!(kept[0]["body"], tasks(1, "a"));
    Ok(())
}

#[test]
fn a_share_is_throttled_and_a_dead_endpoint_answers_nothing() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    let throttled = |seed| {
        proxy.set_faults(Faults { throttled: 0.5, seed, ..Faults::default() });
        let ask =
            |_| Ok(account.client.ecs("ListClusters", &json!({}))?.code.as_deref() == Some("ThrottlingException"));
        (0..40).map(ask).collect::<Result<Vec<bool>>>()
    };
    let first = throttled(1)?;
    assert!((10..30).contains(&first.iter().filter(|is_throttled| **is_throttled).count()), "{first:?}");
    assert_eq!(throttled(1)?, first);
    assert_ne!(throttled(2)?, first);

    proxy.set_faults(Faults { is_down: true, ..Faults::default() });
    assert!(account.listed().is_err());
    assert_eq!(proxy.calls_of("ListTasks")[0].outcome, Outcome::Dropped);
    proxy.set_faults(Faults { latency: 0.2, ..Faults::default() });
    let start = Instant::now();
    account.listed()?;
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(proxy.calls_of("ListTasks")[1].took >= 0.2);
    Ok(())
}

#[test]
fn launches_are_refused_or_cut_short() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    let refusals = Refusals { calls: 1, reason: "RESOURCE:FARGATE".to_owned() };
    proxy.set_faults(Faults { refusals, most_tasks: Some(2), ..Faults::default() });
    let refused = account.run(&tasks(3, "a"))?.ok()?;
    assert_eq!((members(&refused, "tasks").len(), members(&refused, "failures").len()), (0, 3));
    assert_eq!(refused["failures"][0]["reason"], "RESOURCE:FARGATE");
    // Nothing was launched under the token: the same request may launch now.
    let cut = account.run(&tasks(3, "a"))?.ok()?;
    assert_eq!((members(&cut, "tasks").len(), members(&cut, "failures").len()), (2, 1));
    assert_eq!(account.run(&tasks(3, "a"))?.ok()?, cut);
    assert_eq!(account.cloud.units()?.len(), 2);
    let call = &proxy.calls_of("RunTask")[1];
    assert_eq!((call.body["count"].as_u64(), call.units.len()), (Some(3), 2));
    Ok(())
}

#[test]
fn lists_lag_behind() -> Result<()> {
    let account = Account::idle()?;
    account.cloud.proxy.set_faults(Faults { list_lag: 1.5, ..Faults::default() });
    let launched = account.run(&tasks(2, "a"))?.ok()?;
    let arns: Vec<Value> = members(&launched, "tasks").iter().map(|task| task["taskArn"].clone()).collect();
    let describe = || account.client.ecs("DescribeTasks", &json!({"cluster": CLUSTER, "tasks": arns}))?.ok();
    let described = describe()?;
    assert!(account.listed()?.is_empty());
    assert_eq!((members(&described, "tasks").len(), members(&described, "failures").len()), (0, 2));
    assert_eq!(described["failures"][0], json!({"arn": arns[0], "reason": "MISSING"}));
    assert_eq!(account.cloud.units()?.len(), 2, "past the proxy they are seen");
    until("the tasks in the list", 5.0, || account.listed().is_ok_and(|listed| listed == arns).then_some(()))?;
    assert_eq!(members(&describe()?, "tasks").len(), 2);
    Ok(())
}

#[test]
fn a_stop_takes_its_time() -> Result<()> {
    let account = Account::idle()?;
    account.cloud.proxy.set_faults(Faults { stop_lag: 1.5, ..Faults::default() });
    let arn = account.run(&tasks(1, "a"))?.ok()?["tasks"][0]["taskArn"].clone();
    let stopped = account.client.ecs("StopTask", &json!({"cluster": CLUSTER, "task": arn}))?.ok()?;
    let describe = || {
        let request = json!({"cluster": CLUSTER, "tasks": [arn]});
        Result::Ok(Task::of(&account.client.ecs("DescribeTasks", &request)?.ok()?["tasks"][0]))
    };
    for task in [Task::of(&stopped["task"]), describe()?] {
        assert_eq!((&*task.desired_status, &*task.last_status), ("STOPPED", "DEPROVISIONING"));
    }
    assert!(account.listed()?.is_empty(), "it is not to run");
    let is_stopped = || describe().is_ok_and(|task| task.last_status == "STOPPED").then_some(());
    until("the task stopped", 5.0, is_stopped)
}

#[test]
fn what_aws_would_refuse_is_refused() -> Result<()> {
    let account = Account::idle()?;
    let invalid = |operation: &str, request: &Value| {
        let answer = account.client.ecs(operation, request)?;
        assert_eq!(answer.code.as_deref(), Some("InvalidParameterException"), "{operation} {request}");
        Result::Ok(())
    };
    invalid("RunTask", &tasks(11, "a"))?;
    invalid("RunTask", &tasks(1, "a b"))?;
    invalid("DescribeTasks", &json!({"cluster": CLUSTER, "tasks": vec!["x"; 101]}))?;
    invalid("ListTasks", &json!({"cluster": CLUSTER, "startedBy": "me", "family": "worker"}))?;
    invalid("StopTask", &json!({"cluster": CLUSTER, "task": "nobody"}))?;

    let launched = account.run(&command("worker", "true"))?.ok()?;
    let describe = |include: Value| {
        let request = json!({"cluster": CLUSTER, "tasks": [launched["tasks"][0]["taskArn"]], "include": include});
        Result::Ok(account.client.ecs("DescribeTasks", &request)?.ok()?["tasks"][0]["tags"].clone())
    };
    assert_eq!(describe(json!(["TAGS"]))?, json!([{"key": "of", "value": "tests"}]));
    assert_eq!(describe(json!([]))?, Value::Null);
    Ok(())
}

#[test]
fn more_than_a_page_of_tasks_is_seen() -> Result<()> {
    let account = Account::idle()?;
    let direct = AwsClient::new(account.cloud.emulator.port())?;
    direct.ecs("RunTask", &tasks(250, "a"))?.ok()?;
    let units = account.cloud.units()?;
    assert_eq!(units.len(), 250);
    account.cloud.emulator.stop_task(&units[0], "by accident")?;
    assert_eq!(account.cloud.units()?.len(), 249);
    let stopped = account.cloud.emulator.tasks(Desired::Stopped)?;
    assert_eq!((stopped.len(), &*stopped[0].stopped_reason), (1, "by accident"));
    Ok(())
}
