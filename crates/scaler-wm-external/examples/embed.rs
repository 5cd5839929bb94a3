//! A manager for a scheduler that is not Scaler's: it attaches and pushes what it wants, and a plug-in starts the workers.
//!
//! `cargo run -p scaler-wm-external --example embed -- unix:///tmp/plugin.sock /tmp/link.sock`. The plug-in may be in any
//! language; the scheduler is a client of `ExternalScheduler` at the second socket. Ctrl-C ends the manager and its units.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use scaler_wm_core::{Address, Capabilities, Clock, Limit, Manager, ManagerId, Provider, Sizing, manager::Settings};
use scaler_wm_external::{ExternalConfig, ExternalProvider, GrpcLink, LinkHello, Listener};
use scaler_wm_journal::RedbJournal;
use tokio::sync::oneshot;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("give {what}"));
    let (plugin, socket) = (next("the plug-in's address")?.parse()?, next("a path for the link's socket")?);
    let manager = ManagerId::from("embedded");
    // Where workers report to: the plug-in tells it to those that it starts.
    let scheduler: Address = "tcp://127.0.0.1:8516".parse()?;
    let provider = ExternalProvider::start(ExternalConfig::new(plugin, manager.clone(), &scheduler)).await?;
    let sizing = Sizing::new(Limit::AtMost(100), provider.info(), Capabilities::default());
    let listener = Listener::unix(Path::new(&socket))?;
    let link = GrpcLink::serve(listener, &LinkHello::new(manager.clone(), &sizing), Clock::system())?;
    let settings = Settings {
        manager,
        sizing,
        scale_down_cooldown: Duration::from_secs(30),
        drain_timeout: Duration::from_secs(300),
        stop_timeout: Duration::from_secs(10),
        rebalances: false,
        keeps_units: false,
        ledger: None,
        seed: 0,
    };
    let journal = Arc::new(RedbJournal::open("embedded.redb".as_ref())?);
    let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal, Clock::system());
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            drop(stop);
        }
    });
    let summary = manager.run(stopped).await?;
    println!("{} units came, {} went: {}", summary.started, summary.ended, summary.reason);
    Ok(())
}
