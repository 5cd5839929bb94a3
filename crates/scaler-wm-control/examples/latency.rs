//! What calls cost over the socket of a manager with 10,000 units: prints milliseconds, medians of many calls.
//!
//! `cargo run --release -p scaler-wm-control --example latency`

mod memory;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use scaler_wm_control::{
    Listener, Registry,
    client::{Target, connect, managers},
    listen::Socket,
    serve, v1,
};
use scaler_wm_core::control::{Bounds, Command};

const UNITS: u32 = 10_000;
const CALLS: usize = 51;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let kept = memory::manager("latency", UNITS).await?;
    let control = &kept.control;

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
