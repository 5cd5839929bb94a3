//! How long a heartbeat takes to a scheduler and its echo back: `round_trip ADDRESS [CA_FILE]`.

use std::{error::Error, time::Instant};

use scaler_wm_wire::{
    Message,
    message::WorkerManagerHeartbeat,
    ymq::{ConnectOptions, Identity, Trust, connect},
};

const WARM_UP: usize = 200;
const ROUNDS: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("an address is needed")?.parse()?;
    let trust = arguments.next().map_or(Trust::System, |file| Trust::File(file.into()));
    let options = ConnectOptions { trust, ..ConnectOptions::default() };
    let (mut sender, mut receiver) = connect(&address, &Identity::from("round-trip"), &options).await?.into_messages();
    let heartbeat = Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat {
        manager_id: (&b"round-trip"[..]).into(),
        ..WorkerManagerHeartbeat::default()
    });
    let mut took = Vec::with_capacity(ROUNDS);
    for round in 0..WARM_UP + ROUNDS {
        let began = Instant::now();
        sender.send(&heartbeat).await?;
        loop {
            match receiver.recv().await? {
                Some(Message::WorkerManagerHeartbeatEcho) => break,
                Some(_) => {}
                None => return Err("the scheduler closed the connection".into()),
            }
        }
        if round >= WARM_UP {
            took.push(began.elapsed());
        }
    }
    took.sort_unstable();
    println!("microseconds {}", took[ROUNDS / 2].as_micros());
    Ok(())
}
