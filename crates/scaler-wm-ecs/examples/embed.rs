//! A Rust service with its own idea of how many workers it wants: two tasks of four workers, once.
//!
//! `cargo run -p scaler-wm-ecs --example embed -- tcp://203.0.113.5:8516 subnet-0a1`, with AWS credentials in the
//! environment and a scheduler of any policy at that address. Ctrl-C stops the tasks.

use std::{error::Error, num::NonZeroU32, sync::Arc, time::Duration};

use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{
    Address, Capabilities, Clock, FixedLink, Limit, Manager, ManagerId, Provider, Sizing, manager::Settings,
};
use scaler_wm_ecs::{EcsConfig, EcsProvider};
use scaler_wm_journal::RedbJournal;
use tokio::sync::oneshot;

const WORKERS_OF_A_TASK: NonZeroU32 = NonZeroU32::new(4).expect("not 0");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let scheduler: Address = arguments.next().ok_or("give the scheduler's address")?.parse()?;
    let subnet = arguments.next().ok_or("give a subnet")?;
    let manager = ManagerId::from("embedded");
    let aws = AwsSettings::new("us-east-1");
    let workers = WorkerCommand::new(scheduler, manager.clone(), WORKERS_OF_A_TASK);
    let provider = EcsProvider::start(EcsConfig::new(aws, vec![subnet], workers)).await?;
    let settings = Settings {
        manager,
        sizing: Sizing::new(Limit::AtMost(8), provider.info(), Capabilities::default()),
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(60),
        stop_timeout: Duration::from_secs(10),
        rebalances: false,
        keeps_units: false,
        ledger: None,
        seed: 0,
    };
    // On disk, so that tasks of a process that was killed are found by the next one.
    let journal = Arc::new(RedbJournal::open("embedded.redb".as_ref())?);
    let link = Box::new(FixedLink::new(8));
    let manager = Manager::new(settings, Arc::new(provider), link, journal, Clock::system());
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            drop(stop);
        }
    });
    let summary = manager.run(stopped).await?;
    println!("{} tasks came, {} went: {}", summary.started, summary.ended, summary.reason);
    Ok(())
}
