//! Launches, and how they ended.

use scaler_wm_core::{Launch, LaunchId, Settled, UnitId};

use crate::v1::{ProviderLaunch, SettledLaunch};

/// A launch, as it travels.
pub(crate) fn launch_message(launch: &Launch) -> ProviderLaunch {
    ProviderLaunch {
        launch: launch.id.as_str().to_owned(),
        token: launch.token.as_str().to_owned(),
        count: launch.count.get(),
        tier: launch.tier.as_str().to_owned(),
        at_ms: launch.at.as_millis(),
        spec: launch.spec.to_vec(),
    }
}

/// A launch, as it came; `None` for one of no units, or without names.
#[cfg(feature = "server")]
pub(crate) fn launch(message: ProviderLaunch) -> Option<Launch> {
    use scaler_wm_core::{Tier, Timestamp, Token};

    if message.launch.is_empty() || message.token.is_empty() {
        return None;
    }
    Some(Launch {
        id: LaunchId::from(message.launch),
        token: Token::from(message.token),
        count: std::num::NonZeroU32::new(message.count)?,
        tier: Tier::from(message.tier),
        at: Timestamp::from_millis(message.at_ms),
        spec: message.spec.into(),
    })
}

/// How a launch ended.
pub(crate) fn settled(message: SettledLaunch) -> (LaunchId, Settled) {
    let units = message.units.into_iter().map(UnitId::from).collect();
    (LaunchId::from(message.launch), Settled { units, missing: message.missing })
}
