//! The loop over this provider.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{Managed, until};
use scaler_wm_ecs::EcsConfig;
use scaler_wm_journal::MemoryJournal;
use scaler_wm_options::CapacityProvider;
use tokio::time::{Instant, sleep};

use crate::fake::{Fake, Next};

/// A manager of at most so many tasks, of four workers each.
async fn start(fake: &Fake, limit: u32, journal: &Arc<MemoryJournal>, change: impl FnOnce(&mut EcsConfig)) -> Managed {
    Managed::start(fake.provider(change).await.unwrap(), Some(limit), Arc::<MemoryJournal>::clone(journal))
}

async fn until_running(fake: &Fake, count: usize) {
    until(count, || fake.running().len()).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_task_is_replaced_before_it_is_gone_even_at_the_limit() {
    let fake = Fake::default();
    let bench = start(&fake, 3, &Arc::default(), |_| {}).await;
    bench.wish(3);
    until_running(&fake, 3).await;
    let interrupted = fake.interrupt();
    // It is still on its way out.
    until_running(&fake, 3).await;
    assert!(!fake.running().contains(&interrupted));
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_capacity_tasks_start_on_demand_for_a_while() {
    let fake = Fake::default();
    let spot = CapacityProvider { name: "FARGATE_SPOT".to_owned(), weight: 1, base: 0 };
    let bench = start(&fake, 9, &Arc::default(), |config| config.capacity_providers = vec![spot]).await;
    fake.script("RunTask", [Next::Fails("ClientException", "Capacity is unavailable at this time.")]);
    bench.wish(2);
    until_running(&fake, 2).await;
    let kinds = |fake: &Fake| -> Vec<bool> {
        fake.calls("RunTask").iter().map(|call| call.get("capacityProviderStrategy").is_some()).collect()
    };
    assert_eq!(kinds(&fake), [true, false]);
    sleep(Duration::from_secs(200)).await;
    bench.wish(4);
    until_running(&fake, 4).await;
    assert_eq!(kinds(&fake), [true, false, true], "it is tried again later");
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_tasks_are_stopped_at_the_pace_before_the_manager_ends() {
    let fake = Fake::default();
    let bench = start(&fake, 500, &Arc::default(), |_| {}).await;
    bench.wish(400);
    until_running(&fake, 400).await;
    let began = Instant::now();
    let summary = bench.end().await.unwrap();
    assert_eq!((summary.left_behind.len(), fake.running().len()), (0, 0));
    // 20 at once and 20 a second.
    assert!((Duration::from_secs(18)..Duration::from_secs(25)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_not_launched_when_it_is_no_longer_wanted() {
    let fake = Fake::default();
    let bench = start(&fake, 1_000, &Arc::default(), |_| {}).await;
    bench.wish(1_000);
    sleep(Duration::from_secs(2)).await;
    bench.wish(10);
    sleep(Duration::from_secs(60)).await;
    until_running(&fake, 10).await;
    let launched = fake.calls("RunTask").len() * 10;
    assert!(launched <= 250, "{launched} tasks were launched, a burst and what was on order");
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_never_allowed_ends_the_manager() {
    let fake = Fake::default();
    let message = "User: x is not authorized to perform: ecs:ListTasks";
    fake.script("ListTasks", vec![Next::Fails("AccessDeniedException", message); 3]);
    let bench = start(&fake, 3, &Arc::default(), |_| {}).await;
    let error = bench.ended().await.unwrap_err();
    assert!(error.to_string().contains("ecs:ListTasks"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn tasks_that_lists_do_not_have_yet_are_not_started_again_by_the_next_process() {
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
    assert_eq!((fake.running().len(), fake.calls("RunTask").len()), (3, 1));
    second.end().await.unwrap();
}
