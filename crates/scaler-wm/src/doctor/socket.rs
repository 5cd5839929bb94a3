//! The record of a manager that runs, asked at its socket.

use std::{num::NonZeroU32, path::Path};

use scaler_wm_control::{
    client::{Target, connect, managers},
    v1,
};
use scaler_wm_core::{Entry, Launch, LaunchId, OnRecord, Receipt, Settled, Tier, Timestamp, Token, UnitId};

/// What the manager that listens at `socket` has on record. Of tasks it tells nothing.
///
/// # Errors
/// Why it does not tell, in words.
pub(super) async fn ask(socket: &Path) -> Result<OnRecord, String> {
    let connection = connect(&Target::Socket(socket.to_owned())).await.map_err(|error| error.to_string())?;
    // A socket is one manager's: no name is needed.
    let answer = managers(connection).list_launches(v1::ListLaunchesRequest::default()).await;
    let launches = answer.map_err(|status| status.message().to_owned())?.into_inner().launches;
    Ok(OnRecord { launches: launches.into_iter().map(entry).collect(), tasks: None })
}

/// As far as a record is told: what a launch was called with stays with its manager.
fn entry(launch: v1::Launch) -> Entry {
    let v1::Launch { launch: id, at_ms, tier, count, is_settled, units, has_receipt } = launch;
    let units: Vec<UnitId> = units.into_iter().map(UnitId::from).collect();
    let missing = count.saturating_sub(u32::try_from(units.len()).unwrap_or(u32::MAX));
    Entry {
        launch: Launch {
            id: LaunchId::from(id),
            token: Token::from(""),
            count: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN),
            tier: Tier::from(tier),
            at: Timestamp::from_millis(at_ms),
            spec: Default::default(),
        },
        receipt: has_receipt.then(|| Receipt(Default::default())),
        settled: is_settled.then_some(Settled { units, missing }),
        settled_at: None,
    }
}
