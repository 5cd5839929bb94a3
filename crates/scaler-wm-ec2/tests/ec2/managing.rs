//! The loop over this provider.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{LinkHandle, MemoryLink};
use scaler_wm_core::{
    Capabilities, Clock, Limit, Manager, ManagerId, Provider, Result, Sizing,
    manager::{Settings, Summary},
};
use scaler_wm_ec2::{Ec2Config, Market};
use scaler_wm_journal::MemoryJournal;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::fake::{Fake, Next};

struct Bench {
    fake: Fake,
    link: LinkHandle,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary>>,
}

impl Bench {
    async fn start(fake: &Fake, limit: u32, journal: &Arc<MemoryJournal>, change: impl FnOnce(&mut Ec2Config)) -> Self {
        let provider = fake.provider(change).await.unwrap();
        let (link, handle) = MemoryLink::new();
        let settings = Settings {
            manager: ManagerId::from("m1"),
            sizing: Sizing::new(Limit::AtMost(limit * 2), provider.info(), Capabilities::default()),
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

    /// So many instances of two workers each are wanted.
    fn wish(&self, instances: u32) {
        self.link.wish(instances * 2);
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
async fn an_instance_that_spot_will_take_is_replaced_before_it_is_gone_even_at_the_limit() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 3, &Arc::default(), |config| config.market = Market::Spot).await;
    bench.wish(3);
    bench.until_running(3).await;
    let taken = fake.running()[0].clone();
    fake.spot_says(&taken, "marked-for-termination");
    bench.until_running(4).await;
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
    let bench = Bench::start(&fake, 9, &Arc::default(), |config| {
        config.types = vec!["c5.large".to_owned(), "c6i.large".to_owned()];
    })
    .await;
    // Three of four come, the last is of the other type.
    fake.script("RunInstances", [Next::Starts(3)]);
    bench.wish(4);
    bench.until_running(4).await;
    let kinds = |fake: &Fake| -> Vec<String> {
        fake.calls("RunInstances").iter().map(|call| call.get("InstanceType").to_owned()).collect()
    };
    assert_eq!(kinds(&fake), ["c5.large", "c6i.large"]);
    bench.wish(5);
    bench.until_running(5).await;
    assert_eq!(kinds(&fake)[2], "c6i.large", "it is left alone for some minutes");
    sleep(Duration::from_secs(400)).await;
    bench.wish(6);
    bench.until_running(6).await;
    assert_eq!(kinds(&fake)[3], "c5.large", "and tried again later");
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hundred_instances_are_one_call_to_create_and_one_to_terminate() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 100, &Arc::default(), |_| {}).await;
    bench.wish(100);
    bench.until_running(100).await;
    let summary = bench.end().await.unwrap();
    assert_eq!((summary.left_behind.len(), fake.running().len(), fake.temporary()), (0, 0, [0, 0, 0]));
    assert_eq!((fake.calls("RunInstances").len(), fake.calls("TerminateInstances").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn more_than_the_template_allows_are_not_started() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 100, &Arc::default(), |config| config.most_instances = Limit::AtMost(5)).await;
    bench.wish(50);
    bench.until_running(5).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.running().len(), 5);
    bench.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_never_allowed_ends_the_manager() {
    let fake = Fake::default();
    let message = "You are not authorized to perform this operation. ec2:DescribeInstances";
    fake.script("DescribeInstances", vec![Next::Fails("UnauthorizedOperation", message); 3]);
    let bench = Bench::start(&fake, 3, &Arc::default(), |_| {}).await;
    let error = bench.running.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("ec2:DescribeInstances"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn instances_that_lists_do_not_have_yet_are_not_started_again_by_the_next_process() {
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
    assert_eq!((fake.running().len(), fake.calls("RunInstances").len()), (3, 1));
    second.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn instances_that_end_by_themselves_are_replaced_more_and_more_slowly() {
    let fake = Fake::default();
    let bench = Bench::start(&fake, 1, &Arc::default(), |_| {}).await;
    bench.wish(1);
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        fake.running().iter().for_each(|id| fake.kill(id));
    }
    let launched = fake.calls("RunInstances").len();
    assert!((3..=20).contains(&launched), "{launched} launches in ten minutes");
    bench.end().await.unwrap();
}
