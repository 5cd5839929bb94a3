//! The loop over this provider.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{Managed, until};
use scaler_wm_core::Limit;
use scaler_wm_ec2::{Ec2Config, Market};
use scaler_wm_journal::MemoryJournal;
use tokio::time::sleep;

use crate::fake::{Fake, Next};

/// A manager of at most so many instances, of two workers each.
async fn start(fake: &Fake, limit: u32, journal: &Arc<MemoryJournal>, change: impl FnOnce(&mut Ec2Config)) -> Managed {
    Managed::start(fake.provider(change).await.unwrap(), Some(limit), Arc::<MemoryJournal>::clone(journal))
}

async fn until_running(fake: &Fake, count: usize) {
    until(count, || fake.running().len()).await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_spot_will_take_is_replaced_before_it_is_gone_even_at_the_limit() {
    let fake = Fake::default();
    let bench = start(&fake, 3, &Arc::default(), |config| config.market = Market::Spot).await;
    bench.wish(3);
    until_running(&fake, 3).await;
    let taken = fake.running()[0].clone();
    fake.spot_says(&taken, "marked-for-termination");
    until_running(&fake, 4).await;
    fake.change(&taken, |instance| {
        (instance.state, instance.reason) = ("terminated", "Server.SpotInstanceTermination");
    });
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.running().len(), 3);
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_next_tier_takes_over_while_one_has_no_capacity() {
    let fake = Fake::default();
    let bench = start(&fake, 9, &Arc::default(), |config| {
        config.types = vec!["c5.large".to_owned(), "c6i.large".to_owned()];
    })
    .await;
    // Three of four come, the last is of the other type.
    fake.script("RunInstances", [Next::Starts(3)]);
    bench.wish(4);
    until_running(&fake, 4).await;
    let kinds = |fake: &Fake| -> Vec<String> {
        fake.calls("RunInstances").iter().map(|call| call.get("InstanceType").to_owned()).collect()
    };
    assert_eq!(kinds(&fake), ["c5.large", "c6i.large"]);
    bench.wish(5);
    until_running(&fake, 5).await;
    assert_eq!(kinds(&fake)[2], "c6i.large", "it is left alone for some minutes");
    sleep(Duration::from_secs(400)).await;
    bench.wish(6);
    until_running(&fake, 6).await;
    assert_eq!(kinds(&fake)[3], "c5.large", "and tried again later");
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hundred_instances_are_one_call_to_create_and_one_to_terminate() {
    let fake = Fake::default();
    let bench = start(&fake, 100, &Arc::default(), |_| {}).await;
    bench.wish(100);
    until_running(&fake, 100).await;
    let summary = bench.end().await.unwrap();
    assert_eq!((summary.left_behind.len(), fake.running().len(), fake.temporary()), (0, 0, [0, 0, 0]));
    assert_eq!((fake.calls("RunInstances").len(), fake.calls("TerminateInstances").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn more_than_the_template_allows_are_not_started() {
    let fake = Fake::default();
    let bench = start(&fake, 100, &Arc::default(), |config| config.most_instances = Limit::AtMost(5)).await;
    bench.wish(50);
    until_running(&fake, 5).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.running().len(), 5);
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_never_allowed_ends_the_manager() {
    let fake = Fake::default();
    let message = "You are not authorized to perform this operation. ec2:DescribeInstances";
    fake.script("DescribeInstances", vec![Next::Fails("UnauthorizedOperation", message); 3]);
    let bench = start(&fake, 3, &Arc::default(), |_| {}).await;
    let error = bench.ended().await.unwrap_err();
    assert!(error.to_string().contains("ec2:DescribeInstances"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn instances_that_lists_do_not_have_yet_are_not_started_again_by_the_next_process() {
    let fake = Fake::default();
    let journal = Arc::default();
    let first = start(&fake, 9, &journal, |_| {}).await;
    fake.lag(Duration::from_secs(15));
    first.wish(3);
    until_running(&fake, 3).await;
    sleep(Duration::from_secs(1)).await;
    first.kill().await;
    let second = start(&fake, 9, &journal, |_| {}).await;
    second.wish(3);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((fake.running().len(), fake.calls("RunInstances").len()), (3, 1));
    second.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn instances_that_end_by_themselves_are_replaced_more_and_more_slowly() {
    let fake = Fake::default();
    let bench = start(&fake, 1, &Arc::default(), |_| {}).await;
    bench.wish(1);
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        fake.running().iter().for_each(|id| fake.kill(id));
    }
    let launched = fake.calls("RunInstances").len();
    assert!((3..=20).contains(&launched), "{launched} launches in ten minutes");
    bench.end().await.unwrap();
}
