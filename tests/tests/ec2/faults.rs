//! What goes wrong, on demand, and client tokens.

use std::thread;

use scaler_wm_tests::{ApiError, Faults, HoldPoint, Limit, Outcome, Result, until};

use crate::account::{Account, ids};

#[test]
fn the_same_request_launches_once_and_another_under_its_token_is_refused() -> Result<()> {
    let account = Account::idle()?;
    let token = [("ClientToken", "a")];
    let first = ids(account.run(1, 2, &token)?)?;
    assert_eq!(ids(account.run(1, 2, &token)?)?, first);
    let other = account.run(1, 3, &token)?;
    assert_eq!((other.status, other.code.as_deref()), (400, Some("IdempotentParameterMismatch")));
    let by_token = [("Filter.1.Name", "client-token"), ("Filter.1.Value.1", "a")];
    assert_eq!(ids(account.client.ec2("DescribeInstances", &by_token)?)?, first);
    account.run(1, 2, &[("ClientToken", "b")])?.ok()?;
    assert_eq!((account.cloud.units()?.len(), account.cloud.proxy.remembered()), (4, 1));
    let outcomes: Vec<_> = account.cloud.proxy.calls_of("RunInstances").iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::Forwarded, Outcome::Remembered, Outcome::Answered, Outcome::Forwarded]);
    Ok(())
}

#[test]
fn a_launch_whose_answer_is_lost_is_remembered() -> Result<()> {
    let account = Account::idle()?;
    let held = account.cloud.proxy.hold("RunInstances", HoldPoint::After);
    let token = [("ClientToken", "a")];
    thread::scope(|scope| {
        let lost = scope.spawn(|| account.run(1, 2, &token));
        held.wait(5.0)?;
        held.drop_it();
        assert!(lost.join().expect("it does not panic").is_err(), "the connection is closed");
        Result::Ok(())
    })?;
    let there: Vec<String> = account.cloud.units()?.into_iter().map(|unit| unit.id).collect();
    assert_eq!(ids(account.run(1, 2, &token)?)?, there);
    Ok(())
}

#[test]
fn errors_and_limits_are_those_of_ec2() -> Result<()> {
    let account = Account::idle()?;
    let proxy = &account.cloud.proxy;
    let denied = ApiError::new("UnauthorizedOperation", "no").on("RunInstances").status(403).times(1);
    proxy.set_faults(Faults { errors: vec![denied], limits: vec![Limit::instances(0.001, 3.0)], ..Faults::default() });
    // The refused call takes from the bucket all the same.
    let answer = account.run(1, 1, &[])?;
    assert_eq!((answer.status, answer.code.as_deref()), (403, Some("UnauthorizedOperation")));
    assert_eq!(answer.texts("Message"), ["no"]);
    assert!(answer.body.as_str().is_some_and(|body| body.starts_with("<Response><Errors>")), "{}", answer.body);
    account.run(1, 2, &[])?.ok()?;
    let throttled = account.run(1, 1, &[])?;
    assert_eq!((throttled.status, throttled.code.as_deref()), (503, Some("RequestLimitExceeded")));
    assert_eq!(proxy.calls_of("RunInstances")[1].service, "ec2");
    // What AWS refuses, and moto by itself does not.
    proxy.set_faults(Faults::default());
    for (name, value, code) in [
        ("ImageId", "ami-00000000000000000", "InvalidAMIID.NotFound"),
        ("InstanceType", "none.large", "InvalidInstanceType.NotFound"),
        ("KeyName", "none", "InvalidKeyPair.NotFound"),
    ] {
        let refused = account.run(1, 1, &[(name, value)])?;
        assert!(refused.code.as_deref().is_some_and(|told| told.starts_with(code)), "{name}: {refused:?}");
    }
    Ok(())
}

#[test]
fn lists_lag_behind_and_ends_take_their_time() -> Result<()> {
    let account = Account::idle()?;
    account.cloud.proxy.set_faults(Faults { list_lag: 1.5, stop_lag: 1.5, ..Faults::default() });
    let launched = ids(account.run(1, 2, &[])?)?;
    assert!(account.listed()?.is_empty());
    let named = [("InstanceId.1", &*launched[0])];
    let unseen = account.client.ec2("DescribeInstances", &named)?;
    assert_eq!(unseen.code.as_deref(), Some("InvalidInstanceID.NotFound"));
    assert_eq!(account.cloud.units()?.len(), 2, "past the proxy they are seen");
    until("them in the list", 5.0, || account.listed().is_ok_and(|listed| listed == launched).then_some(()))?;
    account.client.ec2("TerminateInstances", &named)?.ok()?;
    let states = || Result::Ok(account.client.ec2("DescribeInstances", &named)?.texts("name"));
    assert!(states()?.contains(&"shutting-down".to_owned()), "{:?}", states()?);
    let is_over = || states().is_ok_and(|states| states.contains(&"terminated".to_owned())).then_some(());
    until("its end", 5.0, is_over)
}

#[test]
fn what_is_left_is_seen() -> Result<()> {
    let account = Account::idle()?;
    let emulator = &account.cloud.emulator;
    assert!(emulator.resources()?.is_empty());
    account.client.ec2("CreateKeyPair", &[("KeyName", "k")])?.ok()?;
    let group = account.client.ec2("CreateSecurityGroup", &[("GroupName", "g"), ("GroupDescription", "d")])?;
    let group = group.texts("groupId").remove(0);
    let launched = ids(account.run(1, 1, &[("KeyName", "k"), ("SecurityGroupId.1", &*group)])?)?;
    let resources = emulator.resources()?;
    assert_eq!((resources.count(), &*resources.key_pairs[0], &*resources.security_groups[0]), (2, "k", "g"));
    let delete = || account.client.ec2("DeleteSecurityGroup", &[("GroupId", &*group)]);
    assert_eq!(delete()?.code.as_deref(), Some("DependencyViolation"), "it is in use");
    account.client.ec2("TerminateInstances", &[("InstanceId.1", &*launched[0])])?.ok()?;
    delete()?.ok()?;
    account.client.ec2("DeleteKeyPair", &[("KeyName", "k")])?.ok()?;
    assert!(emulator.resources()?.is_empty());
    account.cloud.until_nothing_left(5.0)
}
