//! Client tokens, which no emulator has.

use std::thread;

use scaler_wm_tests::{ApiError, AwsClient, Faults, HoldPoint, Outcome, Result, until};
use serde_json::json;

use crate::account::{Account, members, tasks};

#[test]
fn the_same_request_launches_once_and_another_under_its_token_is_a_conflict() -> Result<()> {
    let account = Account::idle()?;
    let first = account.run(&tasks(2, "a"))?.ok()?;
    assert_eq!(account.run(&tasks(2, "a"))?.ok()?, first);
    assert_eq!(account.cloud.units()?.len(), 2);

    let conflict = account.run(&tasks(3, "a"))?;
    assert_eq!((conflict.status, conflict.code.as_deref()), (400, Some("ConflictException")));
    let launched: Vec<_> = members(&first, "tasks").iter().map(|task| task["taskArn"].clone()).collect();
    assert_eq!(members(&conflict.body, "resourceIds"), launched);

    account.run(&tasks(1, "b"))?.ok()?;
    let mut elsewhere = tasks(2, "a");
    elsewhere["cluster"] = "another".into();
    account.run(&elsewhere)?.ok()?;
    assert_eq!((account.cloud.units()?.len(), account.cloud.proxy.remembered()), (5, 1));
    let outcomes: Vec<_> = account.cloud.proxy.calls_of("RunTask").iter().map(|call| call.outcome).collect();
    let expected = [Outcome::Forwarded, Outcome::Remembered, Outcome::Answered, Outcome::Forwarded, Outcome::Forwarded];
    assert_eq!(outcomes, expected);
    Ok(())
}

#[test]
fn a_duplicate_waits_for_the_first_and_an_error_is_not_remembered() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    account.cloud.emulator.set_frozen(true);
    let answers = thread::scope(|scope| {
        let ask = || AwsClient::new(proxy.port())?.ecs("RunTask", &tasks(4, "a"))?.ok();
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        let under_way = until("all calls under way", 5.0, || (proxy.under_way("RunTask") == 4).then_some(()));
        account.cloud.emulator.set_frozen(false);
        let answers = calls.into_iter().map(|call| call.join().expect("it does not panic"));
        let answers = answers.collect::<Result<Vec<_>>>();
        under_way.and(answers)
    })?;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!((account.cloud.units()?.len(), proxy.remembered()), (4, 3));
    assert_eq!(proxy.calls_of("RunTask").iter().map(|call| call.in_flight).max(), Some(3));

    let mut wrong = tasks(1, "b");
    wrong["taskDefinition"] = "nothing".into();
    assert_eq!(account.run(&wrong)?.code.as_deref(), Some("ClientException"));
    account.run(&tasks(1, "b"))?.ok()?;
    assert_eq!(account.cloud.units()?.len(), 5);
    Ok(())
}

#[test]
fn what_was_launched_unseen_is_remembered() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    let held = proxy.hold("RunTask", HoldPoint::After);
    thread::scope(|scope| {
        let lost = scope.spawn(|| account.run(&tasks(2, "a")));
        held.wait(5.0)?;
        held.drop_it();
        assert!(lost.join().expect("it does not panic").is_err(), "the connection is closed");
        Ok(())
    })?;
    assert_eq!(account.cloud.units()?.len(), 2);
    // An error in between changes nothing.
    proxy.set_faults(Faults {
        errors: vec![ApiError::new("ServerException", "").status(500).times(1)],
        ..Faults::default()
    });
    assert_eq!(account.run(&tasks(2, "a"))?.status, 500);
    let again = account.run(&tasks(2, "a"))?.ok()?;
    let described = json!(account.cloud.units()?.iter().map(|task| task.arn.clone()).collect::<Vec<_>>());
    assert_eq!(
        json!(members(&again, "tasks").iter().map(|task| task["taskArn"].clone()).collect::<Vec<_>>()),
        described
    );
    Ok(())
}
