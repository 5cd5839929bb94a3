//! One agent whose tasks return their first argument in no time: what is left is what the agent itself costs.
//!
//! `instant SCHEDULER CONCURRENCY QUEUE [HOLD]`. With HOLD every task runs until that file is there.

mod executor;

use std::{env, error::Error, future::pending, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use executor::InstantExecutor;
use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_core::{Address, Clock, ManagerId, Provider, Tier};
use scaler_wm_journal::MemoryJournal;
use tokio::time::sleep;

/// How often it is looked for the file.
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let scheduler: Address = next("the scheduler's address")?.parse()?;
    let concurrency = next("how many tasks run at a time")?.parse()?;
    let queue_size = next("how many tasks it may be given")?.parse()?;
    let hold = arguments.next().map(PathBuf::from);

    let config = AgentConfig { concurrency, queue_size, ..AgentConfig::new(scheduler, ManagerId::from("instant")) };
    let executor = InstantExecutor::new(hold.is_some());
    let provider = AgentProvider::start(config, executor, Arc::new(MemoryJournal::new())).await?;
    // No manager: one agent, for as long as this process lives.
    let launch = provider.prepare(NonZeroU32::MIN, &Tier::default(), Clock::system().now())?;
    provider.launch(&launch).await?;
    if let Some(hold) = hold {
        while !hold.exists() {
            sleep(LOOK_EVERY).await;
        }
        let executor = provider.executor();
        executor.hold(false);
        for task in executor.held() {
            executor.end(&task);
        }
    }
    pending().await
}
