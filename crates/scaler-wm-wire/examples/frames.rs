//! Takes frames from a peer, or sends them, as fast as it goes: `frames ADDRESS receive|send COUNT BYTES`.
//!
//! The peer has the clock: it is told by one frame more that all has been taken, and tells likewise.

use std::error::Error;

use scaler_wm_wire::ymq::{ConnectOptions, Identity, connect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, way, count, bytes] = &arguments[..] else { return Err("ADDRESS receive|send COUNT BYTES".into()) };
    let (count, bytes): (usize, usize) = (count.parse()?, bytes.parse()?);
    let options = ConnectOptions::default();
    let (mut sender, mut receiver) = connect(&address.parse()?, &Identity::from("frames"), &options).await?.split();
    if way == "receive" {
        for _ in 0..count {
            let frame = receiver.recv().await?.ok_or("it hung up")?;
            assert_eq!(frame.len(), bytes);
        }
        sender.send(b"taken").await?;
    } else {
        let frame = vec![7; bytes];
        for _ in 0..count {
            sender.send(&frame).await?;
        }
    }
    receiver.recv().await?.ok_or("it hung up")?;
    Ok(())
}
