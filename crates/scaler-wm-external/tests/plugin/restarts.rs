//! A plug-in that is killed in the middle of something, and started again.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{CallKind, MemoryProvider, MemorySettings, NextLaunch};
use scaler_wm_core::{
    Clock, ErrorKind, ExitCause, Inventory, ManagerId, OnRecord, OpenLaunch, Provider, Stop, StopAnswer, Tier, UnitId,
    UnitState,
};
use scaler_wm_external::{ExternalInventory, ExternalProvider};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::served::{Served, at, launch};

/// Infrastructure that outlives its plug-in.
struct Rig {
    folder: TempDir,
    memory: MemoryProvider,
    served: Served,
}

impl Rig {
    fn new() -> Self {
        let memory = MemoryProvider::new(MemorySettings::default(), Clock::system());
        let folder = tempfile::tempdir().unwrap();
        let served = Served::start(Arc::new(memory.clone()), &folder.path().join("plugin.sock"));
        Self { folder, memory, served }
    }

    async fn provider(&self) -> ExternalProvider {
        ExternalProvider::start(at(&self.folder.path().join("plugin.sock"))).await.unwrap()
    }

    fn start_again(&mut self) {
        self.served = Served::start(Arc::new(self.memory.clone()), &self.folder.path().join("plugin.sock"));
    }
}

#[tokio::test]
async fn units_are_there_still_when_it_is_back() {
    let mut rig = Rig::new();
    let provider = rig.provider().await;
    let mut changed = provider.changed();
    let units = provider.launch(&launch(&provider, 2)).await.unwrap().units;
    assert_eq!(units.len(), 2);
    changed.mark_unchanged();
    rig.served.kill();
    timeout(Duration::from_secs(5), changed.changed()).await.expect("a tick when it goes").unwrap();
    assert_eq!(provider.observe(&[]).await.unwrap_err().kind(), ErrorKind::Transient);
    let answers = provider.stop(&[units[0].id.clone()], Stop::Now).await;
    assert_eq!(answers[0].1.as_ref().unwrap_err().kind(), ErrorKind::Transient);
    changed.mark_unchanged();
    rig.start_again();
    timeout(Duration::from_secs(10), changed.changed()).await.expect("a tick when it is back").unwrap();
    let seen = provider.observe(&[]).await.unwrap().units;
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|unit| unit.state == UnitState::Running), "{seen:?}");
    assert_eq!(provider.stop(&[units[0].id.clone()], Stop::Now).await[0].1.as_ref().unwrap(), &StopAnswer::Accepted);
    // It is heard again as well.
    provider.observe(&[]).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    changed.mark_unchanged();
    let _entered = rig.served.enter();
    rig.memory.kill(&units[1].id, ExitCause::Signal(9));
    timeout(Duration::from_secs(5), changed.changed()).await.expect("a tick for a death").unwrap();
}

#[tokio::test]
async fn a_launch_that_was_cut_off_is_repeated_and_brings_no_second_unit() {
    let mut rig = Rig::new();
    let provider = Arc::new(rig.provider().await);
    rig.memory.delay_calls(CallKind::Launch, Duration::from_secs(60));
    let order = launch(&provider, 1);
    let calling = tokio::spawn({
        let (provider, order) = (Arc::clone(&provider), order.clone());
        async move { provider.launch(&order).await }
    });
    while rig.memory.launches().is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    rig.served.kill();
    let error = calling.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    rig.memory.delay_calls(CallKind::Launch, Duration::ZERO);
    rig.start_again();
    let launched = provider.launch(&order).await.unwrap();
    assert_eq!(launched.units.len(), 1);
    assert_eq!(launched.units[0].launch.as_ref(), Some(&order.id));
    assert_eq!(rig.memory.units().len(), 1);
    let sent = rig.memory.launches();
    assert!(sent.len() == 2 && sent.iter().all(|(_, launch)| *launch == order), "{sent:?}");
}

#[tokio::test]
async fn an_end_whose_telling_was_cut_off_is_told_once_it_is_back() {
    let rig = Rig::new();
    let provider = Arc::new(rig.provider().await);
    let units = provider.launch(&launch(&provider, 1)).await.unwrap().units;
    {
        let _entered = rig.served.enter();
        rig.memory.kill(&units[0].id, ExitCause::OutOfMemory);
    }
    // The provider in memory tells an end once: the answer that has it is one that nobody waits for.
    rig.memory.delay_calls(CallKind::Observe, Duration::from_millis(300));
    timeout(Duration::from_millis(150), provider.observe(&[])).await.expect_err("a look that is given up");
    rig.memory.delay_calls(CallKind::Observe, Duration::ZERO);
    sleep(Duration::from_millis(400)).await;
    let seen = provider.observe(&[]).await.unwrap().units;
    let is_told = seen.iter().any(|unit| matches!(&unit.state, UnitState::Gone(exit) if !exit.asked));
    assert!(is_told, "{seen:?}");
    assert!(provider.observe(&[]).await.unwrap().units.is_empty(), "and told once");
    drop(rig.folder);
}

#[tokio::test]
async fn the_next_manager_finds_what_is_on_record() {
    let rig = Rig::new();
    let first = rig.provider().await;
    rig.memory.script([NextLaunch::Follows(1, Duration::from_millis(100))]);
    let order = launch(&first, 1);
    let launched = first.launch(&order).await.unwrap();
    assert!(launched.units.is_empty() && launched.receipt.is_some());
    drop(first);
    let second = rig.provider().await;
    second.remember_launch(&order.id, &[UnitId::from("unit-9")]);
    let open = [OpenLaunch { launch: order.clone(), receipt: launched.receipt }];
    let settled = timeout(Duration::from_secs(5), async {
        loop {
            let observed = second.observe(&open).await.unwrap();
            if let Some((id, settled)) = observed.settled.into_iter().next() {
                assert_eq!((id, observed.units.len()), (order.id.clone(), 1));
                return settled;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!((settled.await.expect("the units that follow").missing, order.tier), (0, Tier::default()));
}

#[tokio::test]
async fn what_is_there_is_listed_for_whoever_cleans_up() {
    let rig = Rig::new();
    let provider = rig.provider().await;
    let units = provider.launch(&launch(&provider, 2)).await.unwrap().units;
    drop(provider);
    let inventory = ExternalInventory::open(at(&rig.folder.path().join("plugin.sock"))).await.unwrap();
    let listing = inventory.list(&OnRecord::default()).await.unwrap();
    let names: Vec<&str> = listing.things.iter().map(|thing| thing.name.as_str()).collect();
    assert_eq!(names, [units[0].id.as_str(), units[1].id.as_str()]);
    assert_eq!(listing.things[0].manager.as_ref().map(ManagerId::as_str), Some("m 1"));
    for _ in 0..2 {
        inventory.delete(&listing.things[0]).await.unwrap();
    }
    assert_eq!(rig.memory.units(), [units[1].id.clone()]);
}
