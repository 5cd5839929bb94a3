//! A Rust service that runs the tasks of a scheduler by an executor of its own: Python processes on this machine.
//!
//! `cargo run -p scaler-wm-agent --example processes -- tcp://127.0.0.1:8516 FOLDER PYTHON`, with a scheduler there that asks for
//! workers, and a Python that has `cloudpickle` and what the tasks import. Further arguments, in this order and with these
//! defaults: tasks at a time in one agent (4), agents at the most (4), `keep` to let tasks run on when it is stopped.

mod executor;

use std::{env, error::Error, path::PathBuf, sync::Arc, time::Duration};

use executor::ProcessExecutor;
use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_core::{
    Address, Capabilities, Clock, Journal, Limit, Manager, ManagerId, Provider, Sizing, TaskJournal, manager::Settings,
};
use scaler_wm_journal::RedbJournal;
use scaler_wm_wire::{
    link::{LinkSettings, ScalerLink},
    ymq::Identity,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false).init();
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let scheduler: Address = next("the scheduler's address")?.parse()?;
    let folder = PathBuf::from(next("a folder for what must outlive this process")?);
    let python = PathBuf::from(next("a Python interpreter")?);
    let concurrency = arguments.next().unwrap_or_else(|| "4".to_owned()).parse()?;
    let agents: u32 = arguments.next().unwrap_or_else(|| "4".to_owned()).parse()?;
    let keeps = arguments.next().as_deref() == Some("keep");

    let manager = ManagerId::from("embedded");
    let executor = ProcessExecutor::new(folder.join("tasks"), python)?;
    // Launches of agents, and tasks that were handed over: after a crash the next process finds both.
    let journal = Arc::new(RedbJournal::open(&folder.join("journal.redb"))?);
    let config = AgentConfig { concurrency, ..AgentConfig::new(scheduler.clone(), manager.clone()) };
    let provider = AgentProvider::start(config, executor, Arc::clone(&journal) as Arc<dyn TaskJournal>).await?;

    let sizing = Sizing::new(Limit::AtMost(agents * concurrency.get()), provider.info(), Capabilities::default());
    let clock = Clock::system();
    // The same name after a restart, so that the scheduler takes us back at once.
    let identity = Identity::from(format!("embedded|{}", folder.display()));
    let link = ScalerLink::start(LinkSettings::new(scheduler, identity, manager.clone(), sizing.offered()), clock);
    let settings = Settings {
        manager,
        sizing,
        scale_down_cooldown: Duration::from_secs(2),
        drain_timeout: Duration::from_secs(60),
        stop_timeout: Duration::from_secs(5),
        rebalances: true,
        keeps_units: keeps,
        ledger: None,
        seed: 0,
    };
    let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal as Arc<dyn Journal>, clock);
    let (stop, stopped) = oneshot::channel();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        drop(stop);
    });
    let summary = manager.run(stopped).await?;
    println!("{} agents came, {} went: {}", summary.started, summary.ended, summary.reason);
    Ok(())
}
