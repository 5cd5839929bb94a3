//! A Rust service with its own idea of how many workers it wants: two instances, once.
//!
//! `cargo run -p scaler-wm-ec2 --example embed -- tcp://203.0.113.5:8516 ami-0123456789abcdef0`, with AWS credentials in the
//! environment and a scheduler of any policy at that address. Ctrl-C terminates the instances.

use std::{error::Error, num::NonZeroU32, sync::Arc, time::Duration};

use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{
    Address, Capabilities, Clock, FixedLink, Limit, Manager, ManagerId, Provider, Sizing, manager::Settings,
};
use scaler_wm_ec2::{Ec2Config, Ec2Provider};
use scaler_wm_journal::RedbJournal;
use tokio::sync::oneshot;

/// Instances that are wanted.
const INSTANCES: u32 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let scheduler: Address = arguments.next().ok_or("give the scheduler's address")?.parse()?;
    let image = arguments.next().ok_or("give an image with opengris-scaler in it")?;
    let manager = ManagerId::from("embedded");
    let aws = AwsSettings::new("us-east-1");
    let workers = WorkerCommand::new(scheduler, manager.clone(), NonZeroU32::MIN);
    let provider = Ec2Provider::start(Ec2Config::new(aws, image, workers)).await?;
    // As many workers each as the instance type has vCPUs.
    let wanted = INSTANCES * provider.info().workers_per_unit.get();
    let settings = Settings {
        manager,
        sizing: Sizing::new(Limit::AtMost(wanted), provider.info(), Capabilities::default()),
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(60),
        stop_timeout: Duration::from_secs(10),
        rebalances: false,
        keeps_units: false,
        ledger: None,
        seed: 0,
    };
    // On disk, so that instances of a process that was killed are found by the next one.
    let journal = Arc::new(RedbJournal::open("embedded.redb".as_ref())?);
    let link = Box::new(FixedLink::new(wanted));
    let manager = Manager::new(settings, Arc::new(provider), link, journal, Clock::system());
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            drop(stop);
        }
    });
    let summary = manager.run(stopped).await?;
    println!("{} instances came, {} went: {}", summary.started, summary.ended, summary.reason);
    Ok(())
}
