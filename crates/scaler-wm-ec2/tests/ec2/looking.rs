//! Looks: what is there, what has gone, what Spot will take, and what is to be renewed.

use std::time::Duration;

use scaler_wm_core::{ErrorKind, Exit, ExitCause, Provider, Stop, StopAnswer, Unit, UnitId, UnitState};
use scaler_wm_ec2::{Ec2Provider, Market};
use tokio::time::sleep;

use crate::{
    fake::{Fake, Next},
    launching::prepare,
};

async fn look(provider: &Ec2Provider) -> Vec<Unit> {
    provider.observe(&[]).await.unwrap().units.iter().map(|unit| (**unit).clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn hundreds_are_listed_page_by_page_and_foreign_ones_are_not() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    provider.launch(&prepare(&provider, 450, 0)).await.unwrap();
    let other = fake.provider(|config| config.workers.manager = scaler_wm_core::ManagerId::from("m2")).await.unwrap();
    other.launch(&prepare(&other, 5, 0)).await.unwrap();
    assert_eq!((look(&provider).await.len(), look(&other).await.len()), (450, 5));
    assert_eq!(fake.calls("DescribeInstances").len(), 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_once_with_its_cause() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
    let id = fake.running()[0].clone();
    fake.kill(&id);
    let gone: Vec<Unit> =
        look(&provider).await.into_iter().filter(|unit| matches!(unit.state, UnitState::Gone(_))).collect();
    let [Unit { state: UnitState::Gone(Exit { cause: ExitCause::Lost(why), asked: false, sure: true }), .. }] =
        &gone[..]
    else {
        panic!("{gone:?}")
    };
    assert!(why.contains("shut itself down"), "{why}");
    assert_eq!(look(&provider).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_list_does_not_have_yet_is_asked_about_by_name() {
    let fake = Fake::default();
    fake.lag(Duration::from_secs(5));
    let provider = fake.provider(|_| {}).await.unwrap();
    let launched = provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
    assert_eq!(look(&provider).await, []);
    assert_eq!(fake.calls("DescribeInstances").last().unwrap().get("Filter.1.Name"), "instance-id");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(look(&provider).await.len(), 2);
    // A later process asks about those on record, too.
    let next = fake.provider(|_| {}).await.unwrap();
    next.remember(&[launched.units[0].id.clone(), UnitId::from("i-unknown")]);
    assert_eq!(look(&next).await.len(), 2);
    assert_eq!(fake.calls("DescribeInstances").last().unwrap().list("Filter.1.Value"), ["i-unknown"]);
}

#[tokio::test(start_paused = true)]
async fn what_spot_will_take_is_on_its_way_out_with_notice() {
    let fake = Fake::default();
    let provider = fake.provider(|config| config.market = Market::Spot).await.unwrap();
    provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
    assert!(look(&provider).await.iter().all(|unit| unit.state == UnitState::Running && unit.notice.is_none()));
    let taken = fake.running()[0].clone();
    fake.spot_says(&taken, "marked-for-termination");
    let units = look(&provider).await;
    let of = |id: &str| units.iter().find(|unit| unit.id.as_str() == id).unwrap();
    assert!(of(&taken).state == UnitState::Stopping && of(&taken).notice.is_some(), "{:?}", of(&taken));
    assert_eq!(units.iter().filter(|unit| unit.state == UnitState::Running).count(), 1);
    // What was said stays said while Spot does not answer, and nothing else is lost by that.
    fake.script("DescribeSpotInstanceRequests", [Next::Fails("UnauthorizedOperation", "no")]);
    assert_eq!(look(&provider).await.iter().filter(|unit| unit.notice.is_some()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn on_demand_spot_is_not_asked() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
    look(&provider).await;
    assert_eq!(fake.calls("DescribeSpotInstanceRequests").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn leases_are_renewed_by_one_call_when_a_third_has_passed() {
    let fake = Fake::default();
    let provider = fake.provider(|config| config.lease = Some(Duration::from_secs(300))).await.unwrap();
    let launch = provider
        .prepare(3.try_into().unwrap(), &provider.info().tiers[0], scaler_wm_core::Clock::system().now())
        .unwrap();
    provider.launch(&launch).await.unwrap();
    assert_eq!(fake.calls("RunInstances")[0].get("MetadataOptions.InstanceMetadataTags"), "enabled");
    let lease = |id: &str| fake.instance(id).tags["scaler-wm:lease"].parse::<u64>().unwrap();
    let id = fake.running()[0].clone();
    let first = lease(&id);
    look(&provider).await;
    assert_eq!((lease(&id), fake.calls("CreateTags").len()), (first, 0));
    sleep(Duration::from_secs(101)).await;
    look(&provider).await;
    assert!(lease(&id) >= first + 100, "{} after {first}", lease(&id));
    assert_eq!(fake.calls("CreateTags").len(), 1);
    assert_eq!(fake.calls("CreateTags")[0].list("ResourceId").len(), 3);
    // A look that fails to renew is a look all the same.
    sleep(Duration::from_secs(101)).await;
    fake.script("CreateTags", [Next::Fails("UnauthorizedOperation", "no")]);
    assert_eq!(look(&provider).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_has_stopped_is_terminated() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
    let id = fake.running()[0].clone();
    fake.change(&id, |instance| instance.state = "stopped");
    let units = look(&provider).await;
    assert_eq!(units.iter().filter(|unit| unit.state == UnitState::Stopping).count(), 1);
    assert_eq!(fake.instance(&id).state, "terminated");
}

#[tokio::test(start_paused = true)]
async fn hundreds_are_terminated_by_one_call_and_those_that_are_not_there_keep_no_other() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let launched = provider.launch(&prepare(&provider, 300, 0)).await.unwrap();
    let mut ids: Vec<UnitId> = launched.units.iter().map(|unit| unit.id.clone()).collect();
    let rest = ids.split_off(100);
    let answers = provider.stop(&ids, Stop::Now).await;
    assert!(answers.len() == 100 && answers.iter().all(|(_, answer)| matches!(answer, Ok(StopAnswer::Accepted))));
    assert_eq!((fake.calls("TerminateInstances").len(), fake.running().len()), (1, 200));
    let mut rest = rest;
    rest.push(UnitId::from("i-0unknown"));
    let answers = provider.stop(&rest, Stop::Now).await;
    assert_eq!((answers.len(), fake.calls("TerminateInstances").len(), fake.running().len()), (201, 3, 0));
    let failed: Vec<_> = answers.iter().filter(|(_, answer)| answer.is_err()).collect();
    assert!(
        matches!(&failed[..], [(unit, Err(error))] if unit.as_str() == "i-0unknown" && error.kind() == ErrorKind::NotFound)
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_protected_keeps_no_other() {
    let fake = Fake::default();
    let provider = fake.provider(|_| {}).await.unwrap();
    let launched = provider.launch(&prepare(&provider, 3, 0)).await.unwrap();
    let ids: Vec<UnitId> = launched.units.iter().map(|unit| unit.id.clone()).collect();
    fake.script("TerminateInstances", vec![Next::Fails("OperationNotPermitted", "protected"); 2]);
    let answers = provider.stop(&ids, Stop::Now).await;
    assert_eq!(answers.iter().filter(|(_, answer)| answer.is_ok()).count(), 2);
    assert_eq!(provider.stop(&ids[..1], Stop::IfIdle).await[0].1.as_ref().unwrap(), &StopAnswer::Unsupported);
}
