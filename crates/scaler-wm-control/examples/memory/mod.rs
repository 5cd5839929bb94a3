//! A manager whose units are in memory only.

use std::{error::Error, sync::Arc, time::Duration};

use scaler_wm_conformance::{LinkHandle, MemoryLink, MemoryProvider, MemorySettings};
use scaler_wm_core::{
    Capabilities, Clock, Limit, Manager, ManagerId, Provider, Sizing,
    control::{Control, pair},
    manager::Settings,
};
use scaler_wm_journal::MemoryJournal;
use tokio::sync::oneshot;

/// It runs for as long as this is kept.
pub(crate) struct Kept {
    pub(crate) control: Control,
    _link: LinkHandle,
    _stop: oneshot::Sender<()>,
}

/// Starts it, and waits until so many units are there.
pub(crate) async fn manager(id: &str, units: u32) -> Result<Kept, Box<dyn Error>> {
    let clock = Clock::system();
    let mut memory = MemorySettings::default();
    memory.info.largest_batch = units.try_into()?;
    memory.info.most_on_order = units.try_into()?;
    let provider = MemoryProvider::new(memory, clock);
    let (link, handle) = MemoryLink::new();
    let id = ManagerId::from(id);
    let (control, seat) = pair(id.clone());
    let settings = Settings {
        manager: id,
        sizing: Sizing::new(Limit::AtMost(units), provider.info(), Capabilities::default()),
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(1),
        stop_timeout: Duration::from_secs(1),
        rebalances: false,
        keeps_units: false,
        ledger: None,
        seed: 7,
    };
    let journal = Arc::<MemoryJournal>::default();
    let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal, clock).seated(seat);
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(manager.run(stopped));
    handle.up();
    handle.wish(units);
    control.watch().wait_for(|status| status.running == units).await?;
    Ok(Kept { control, _link: handle, _stop: stop })
}
