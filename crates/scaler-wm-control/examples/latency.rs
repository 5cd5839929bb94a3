//! What calls cost over the socket of a manager with 10,000 units: prints milliseconds, medians of many calls.
//!
//! `cargo run --release -p scaler-wm-control --example latency`

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use scaler_wm_conformance::{MemoryLink, MemoryProvider, MemorySettings};
use scaler_wm_control::{
    Listener, Registry,
    client::{Target, connect, managers},
    listen::Socket,
    serve, v1,
};
use scaler_wm_core::{
    Capabilities, Clock, Limit, Manager, ManagerId, Provider, Sizing,
    control::{Bounds, Command, pair},
    manager::Settings,
};
use scaler_wm_journal::MemoryJournal;
use tokio::sync::oneshot;

const UNITS: u32 = 10_000;
const CALLS: usize = 51;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Clock::system();
    let mut memory = MemorySettings::default();
    memory.info.largest_batch = UNITS.try_into()?;
    memory.info.most_on_order = UNITS.try_into()?;
    let provider = MemoryProvider::new(memory, clock);
    let (link, handle) = MemoryLink::new();
    let id = ManagerId::from("latency");
    let (control, seat) = pair(id.clone());
    let settings = Settings {
        manager: id,
        sizing: Sizing::new(Limit::AtMost(UNITS), provider.info(), Capabilities::default()),
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
    let (_stop, stopped) = oneshot::channel();
    tokio::spawn(manager.run(stopped));
    handle.up();
    handle.wish(UNITS);
    control.watch().wait_for(|status| status.running == UNITS).await?;

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("socket");
    let registry = Registry::default();
    registry.add(control.clone(), "memory");
    tokio::spawn(serve(Listener::Socket(Socket::bind(&path)?), registry, std::future::pending()));
    let mut client = managers(connect(&Target::Socket(path)).await?);

    let mut times = Vec::new();
    for _ in 0..CALLS {
        let began = Instant::now();
        let answer = client.get_status(v1::GetStatusRequest::default()).await?.into_inner();
        times.push(began.elapsed());
        assert_eq!(answer.managers[0].observed, UNITS);
    }
    print("get_status_ms", &mut times);

    for _ in 0..CALLS {
        let began = Instant::now();
        let request = v1::ListUnitsRequest { page_size: UNITS, ..v1::ListUnitsRequest::default() };
        let units = client.list_units(request).await?.into_inner().units;
        times.push(began.elapsed());
        assert_eq!(units.len(), UNITS as usize);
    }
    print("list_units_ms", &mut times);

    let mut stream = client.watch_events(v1::WatchEventsRequest::default()).await?.into_inner();
    for call in 0..CALLS {
        let minimum = Some(u32::try_from(call)?);
        // Before the event itself: a round of the manager is part of it.
        let began = Instant::now();
        let asking = control.ask(Command::SetBounds(Some(Bounds { minimum, ..Bounds::default() })));
        let (asked, event) = tokio::join!(asking, stream.message());
        times.push(began.elapsed());
        asked?;
        event?.ok_or("the stream has ended")?;
    }
    print("first_event_ms", &mut times);
    Ok(())
}

fn print(name: &str, times: &mut Vec<Duration>) {
    times.sort();
    println!("{name} {:.3}", times[times.len() / 2].as_secs_f64() * 1000.0);
    times.clear();
}
