//! The loop over this provider.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{LinkHandle, MemoryLink};
use scaler_wm_core::{
    Capabilities, Clock, Limit, Manager, ManagerId, Provider, Result, Sizing,
    manager::{Settings, Summary},
};
use scaler_wm_ecs::EcsConfig;
use scaler_wm_journal::MemoryJournal;
use scaler_wm_options::CapacityProvider;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::fake::{Fake, Next};

struct Bench {
    fake: Fake,
    link: LinkHandle,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary>>,
}

impl Bench {
    async fn start(fake: &Fake, limit: u32, journal: &Arc<MemoryJournal>, change: impl FnOnce(&mut EcsConfig)) -> Self {
        let provider = fake.provider(change).await.unwrap();
        let (link, handle) = MemoryLink::new();
        let settings = Settings {
            manager: ManagerId::from("m1"),
            sizing: Sizing::new(Limit::AtMost(limit * 4), provider.info(), Capabilities::default()),
            scale_down_cooldown: Duration::ZERO,
            drain_timeout: Duration::from_secs(300),
            stop_timeout: Duration::from_secs(10),
            rebalances: false,
            keeps_units: false,
            ledger: None,
            seed: 7,
        };
        let journal = Arc::clone(journal);
        let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal, Clock::system());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(manager.run(stopped));
        handle.up();
        Self { fake: fake.clone(), link: handle, stop, running }
    }

    /// So many tasks of four workers each are wanted.
    fn wish(&self, tasks: u32) {
        self.link.wish(tasks * 4);
    }

    async fn until_running(&self, count: usize) {
        let there = async {
            while self.fake.running().len() != count {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let outcome = timeout(Duration::from_secs(300), there).await;
        assert!(outcome.is_ok(), "{} instead of {count}", self.fake.running().len());
    }

    async fn end(self) -> Result<Summary> {
        drop(self.stop);
        self.running.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_task_is_replaced_before_it_is_gone_even_at_the_limit() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 3, &Arc::default(), |_| {}).await;
    bench.wish(3);
    bench.until_running(3).await;
    let interrupted = fake.interrupt();
    // It is still on its way out.
    bench.until_running(3).await;
    assert!(!fake.running().contains(&interrupted));
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_capacity_tasks_start_on_demand_for_a_while() {
    let fake = Fake::default();
    let spot = CapacityProvider { name: "FARGATE_SPOT".to_owned(), weight: 1, base: 0 };
    let bench = Bench::start(&fake, 9, &Arc::default(), |config| config.capacity_providers = vec![spot]).await;
    fake.script("RunTask", [Next::Fails("ClientException", "Capacity is unavailable at this time.")]);
    bench.wish(2);
    bench.until_running(2).await;
    let kinds = |fake: &Fake| -> Vec<bool> {
        fake.calls("RunTask").iter().map(|call| call.get("capacityProviderStrategy").is_some()).collect()
    };
    assert_eq!(kinds(&fake), [true, false]);
    sleep(Duration::from_secs(200)).await;
    bench.wish(4);
    bench.until_running(4).await;
    assert_eq!(kinds(&fake), [true, false, true], "it is tried again later");
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_tasks_are_stopped_at_the_pace_before_the_manager_ends() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 500, &Arc::default(), |_| {}).await;
    bench.wish(400);
    bench.until_running(400).await;
    let began = Instant::now();
    let summary = bench.end().await.unwrap();
    assert_eq!((summary.left_behind.len(), fake.running().len()), (0, 0));
    // 20 at once and 20 a second.
    assert!((Duration::from_secs(18)..Duration::from_secs(25)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_not_launched_when_it_is_no_longer_wanted() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 1_000, &Arc::default(), |_| {}).await;
    bench.wish(1_000);
    sleep(Duration::from_secs(2)).await;
    bench.wish(10);
    sleep(Duration::from_secs(60)).await;
    bench.until_running(10).await;
    let launched = fake.calls("RunTask").len() * 10;
    assert!(launched <= 250, "{launched} tasks were launched, a burst and what was on order");
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_never_allowed_ends_the_manager() {
    let fake = Fake::default();
    let message = "User: x is not authorized to perform: ecs:ListTasks";
    fake.script("ListTasks", vec![Next::Fails("AccessDeniedException", message); 3]);
    let bench = Bench::start(&fake, 3, &Arc::default(), |_| {}).await;
    let error = bench.running.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("ecs:ListTasks"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn tasks_that_lists_do_not_have_yet_are_not_started_again_by_the_next_process() {
    let fake = Fake::default();
    let journal = Arc::default();
    let first = Bench::start(&fake, 9, &journal, |_| {}).await;
    fake.lag(Duration::from_secs(15));
    first.wish(3);
    first.until_running(3).await;
    sleep(Duration::from_secs(1)).await;
    first.running.abort();
    let second = Bench::start(&fake, 9, &journal, |_| {}).await;
    second.wish(3);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((fake.running().len(), fake.calls("RunTask").len()), (3, 1));
    second.end().await.unwrap();
}
