//! Connects to a scheduler as a worker manager that offers 4 workers (and starts none), and prints what it is told.
//!
//! `cargo run -p scaler-wm-wire --example watch -- tcp://127.0.0.1:8516 [SECONDS]`

use std::{env, error::Error, time::Duration};

use scaler_wm_core::{Clock, LinkEvent, ManagerId, SchedulerLink};
use scaler_wm_wire::{
    link::{LinkSettings, ScalerLink},
    ymq::Identity,
};
use tokio::time::{Instant, timeout_at};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let mut args = env::args().skip(1);
    let scheduler = args.next().ok_or("usage: watch SCHEDULER_ADDRESS [SECONDS]")?.parse()?;
    let seconds: f64 = args.next().as_deref().unwrap_or("3600").parse()?;
    let identity = Identity::from(format!("{}|watch|example", std::process::id()));
    let settings = LinkSettings::new(scheduler, identity, ManagerId::from("watch"), 4);
    let mut link = ScalerLink::start(settings, Clock::system());
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    while let Ok(event) = timeout_at(until, link.next()).await {
        println!("{event:?}");
        if matches!(event, LinkEvent::Closed(_)) {
            break;
        }
    }
    Ok(())
}
