//! What the tests share.

use std::num::NonZeroU32;

use bytes::Bytes;
use scaler_wm_core::{Launch, LaunchId, Tier, Timestamp, Token};

/// A launch prepared `at` milliseconds after the epoch.
pub(crate) fn launch(id: &str, at: u64) -> Launch {
    Launch {
        id: LaunchId::from(id),
        token: Token::from(format!("token-{id}")),
        count: NonZeroU32::MIN,
        tier: Tier::default(),
        at: Timestamp::from_millis(at),
        spec: Bytes::from_static(b"\x00spec\xff"),
    }
}
