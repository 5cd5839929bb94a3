//! A manager with many units, to be watched: `crowd SOCKET UNITS` says `ready`, and serves until it is killed.
//!
//! `cargo run --release -p scaler-wm-control --example crowd -- /tmp/crowd.sock 1000`

mod memory;

use std::{env, error::Error};

use scaler_wm_control::{Listener, Registry, listen::Socket, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, units] = &*arguments else { return Err("write it like `crowd SOCKET UNITS`".into()) };
    let kept = memory::manager("crowd", units.parse()?).await?;
    let registry = Registry::default();
    registry.add(kept.control.clone(), "memory");
    let socket = Socket::bind(path.as_ref())?;
    println!("ready");
    Ok(serve(Listener::Socket(socket), registry, std::future::pending()).await?)
}
