//! A Rust service that lets a scheduler's tasks run as jobs of AWS Batch: up to a hundred, by one agent.
//!
//! `cargo run -p scaler-wm-batch --example embed -- tcp://203.0.113.5:8516 my-queue my-definition my-bucket`, with AWS
//! credentials in the environment and a scheduler of any policy at that address. Ctrl-C terminates the jobs.

use std::{error::Error, sync::Arc, time::Duration};

use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_aws::AwsSettings;
use scaler_wm_batch::{BatchConfig, BatchExecutor};
use scaler_wm_core::{
    Address, Capabilities, Clock, FixedLink, Journal, Limit, Manager, ManagerId, Provider, Sizing, TaskJournal,
    manager::Settings,
};
use scaler_wm_journal::RedbJournal;
use tokio::sync::oneshot;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let scheduler: Address = next("the scheduler's address")?.parse()?;
    let (queue, definition, bucket) = (next("a job queue")?, next("a job definition")?, next("a bucket")?);
    let manager = ManagerId::from("embedded");
    // On disk, so that jobs of a process that was killed are found by the next one.
    let journal = Arc::new(RedbJournal::open("embedded.redb".as_ref())?);
    let config = BatchConfig::new(AwsSettings::new("us-east-1"), queue, definition, bucket);
    let executor = BatchExecutor::start(config, Arc::clone(&journal) as Arc<dyn TaskJournal>).await?;
    let agents = AgentConfig::new(scheduler, manager.clone());
    let provider = AgentProvider::start(agents, executor, Arc::clone(&journal) as Arc<dyn TaskJournal>).await?;
    let settings = Settings {
        manager,
        sizing: Sizing::new(Limit::AtMost(100), provider.info(), Capabilities::default()),
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(300),
        stop_timeout: Duration::from_secs(10),
        rebalances: false,
        keeps_units: false,
        ledger: None,
        seed: 0,
    };
    let link = Box::new(FixedLink::new(100));
    let manager = Manager::new(settings, Arc::new(provider), link, journal as Arc<dyn Journal>, Clock::system());
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            drop(stop);
        }
    });
    let summary = manager.run(stopped).await?;
    println!("{} agents came, {} went: {}", summary.started, summary.ended, summary.reason);
    Ok(())
}
