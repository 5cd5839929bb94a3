//! A Rust service with its own idea of how many workers it wants: two, for ten seconds, then none.
//!
//! `cargo run -p scaler-wm-native --example embed -- tcp://127.0.0.1:8516`, with a scheduler of any policy there.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use scaler_wm_core::{
    Address, Capabilities, Clock, Limit, LinkEvent, Manager, ManagerId, Provider, Request, SchedulerLink, Sizing, Wish,
    WorkerId, manager::Settings,
};
use scaler_wm_journal::MemoryJournal;
use scaler_wm_native::{NativeConfig, NativeProvider, WorkerSettings};
use tokio::sync::{mpsc, oneshot};

/// The service's own link: whatever it sends is what is wanted.
struct OwnWish(mpsc::Receiver<LinkEvent>);

#[async_trait]
impl SchedulerLink for OwnWish {
    async fn next(&mut self) -> LinkEvent {
        self.0.recv().await.unwrap_or_else(|| LinkEvent::Closed("the service has ended".to_owned()))
    }

    fn worker_gone(&self, worker: WorkerId) {
        println!("dead: {worker}");
    }
}

fn want(task_concurrency: u32) -> LinkEvent {
    LinkEvent::Wish(Wish::Follow(vec![Request { task_concurrency, capabilities: Capabilities::default() }]))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let scheduler: Address = std::env::args().nth(1).ok_or("give the scheduler's address")?.parse()?;
    let manager = ManagerId::from("embedded");
    let provider = NativeProvider::start(NativeConfig {
        worker_type: "EMB".to_owned(),
        ..NativeConfig::new(WorkerSettings::new(scheduler, manager.clone()))
    })
    .await?;
    let settings = Settings {
        manager,
        sizing: Sizing::new(Limit::AtMost(4), provider.info(), Capabilities::default()),
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(60),
        stop_timeout: Duration::from_secs(10),
        rebalances: true,
        keeps_units: false,
        ledger: None,
        seed: 0,
    };
    let (wishes, link) = mpsc::channel(8);
    let journal = Arc::new(MemoryJournal::new());
    let manager = Manager::new(settings, Arc::new(provider), Box::new(OwnWish(link)), journal, Clock::system());
    let mut status = manager.status();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        while status.changed().await.is_ok() {
            let status = status.borrow_and_update().clone();
            println!("wanted {:?}, there {}", status.desired, status.units.len());
        }
    });
    tokio::spawn(async move {
        for event in [LinkEvent::Up, want(2)] {
            wishes.send(event).await?;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        wishes.send(want(0)).await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(stop);
        // The link stays open until the manager has ended.
        wishes.closed().await;
        Ok::<(), mpsc::error::SendError<LinkEvent>>(())
    });
    let summary = manager.run(stopped).await?;
    println!("{} came, {} went: {}", summary.started, summary.ended, summary.reason);
    Ok(())
}
