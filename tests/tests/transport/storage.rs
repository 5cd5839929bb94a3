//! An object put into the released object storage, and taken out again, by our connector.

use std::time::Duration;

use scaler_wm_tests::{Failure, Result};
use scaler_wm_wire::{
    message::{ObjectId, ObjectRequestHeader, ObjectRequestKind, ObjectResponseHeader, ObjectResponseKind},
    ymq::{ConnectOptions, Identity, Trust, connect},
};
use tokio::{runtime, time::timeout};

const WITHIN: Duration = Duration::from_secs(20);
/// Longer than what a stream takes at once.
const PAYLOAD: usize = 2 << 20;

/// The payload comes back as it was, from the storage at `address`.
pub(crate) fn keeps_an_object(address: &str, trust: Trust) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("keep an object at {address}"), error);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    let round_trip = runtime.block_on(async { timeout(WITHIN, round_trip(address, trust)).await });
    let came_back = round_trip.map_err(|_| failed(&"it took too long"))?.map_err(|error| failed(&error))?;
    if came_back { Ok(()) } else { Err(failed(&"it came back as something else")) }
}

async fn round_trip(address: &str, trust: Trust) -> std::result::Result<bool, Box<dyn std::error::Error>> {
    let options = ConnectOptions { trust, ..ConnectOptions::default() };
    let connection = connect(&address.parse()?, &Identity::from("storage-test"), &options).await?;
    let (mut sender, mut receiver) = connection.split();
    let object = ObjectId::from(&[7_u8; 32][..]);
    let payload: Vec<u8> = (0..=250_u8).cycle().take(PAYLOAD).collect();
    let request = |kind, payload_length, request_id| {
        ObjectRequestHeader { object: object.clone(), payload_length, request_id, kind }.encode()
    };
    sender.send(&request(ObjectRequestKind::Set, PAYLOAD as u64, 1)?).await?;
    sender.send(&payload).await?;
    let kept = ObjectResponseHeader::decode(&receiver.recv().await?.ok_or("it hung up")?)?;
    sender.send(&request(ObjectRequestKind::Get, u64::MAX, 2)?).await?;
    let got = ObjectResponseHeader::decode(&receiver.recv().await?.ok_or("it hung up")?)?;
    let came = receiver.recv().await?.ok_or("it hung up")?;
    let is_answered = kept.kind == ObjectResponseKind::SetOk && got.kind == ObjectResponseKind::GetOk;
    Ok(is_answered && came == payload)
}
