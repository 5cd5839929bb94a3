//! What managers of tests and benchmarks are told.

use std::time::Duration;

use scaler_wm_core::{Capabilities, Limit, ManagerId, ProviderInfo, Sizing, manager::Settings};

/// Settings without a limit and without a cooldown: fewer that are wanted are let go at once.
#[must_use]
pub fn settings(manager: &str, info: &ProviderInfo) -> Settings {
    Settings {
        manager: ManagerId::from(manager),
        sizing: Sizing::new(Limit::Unlimited, info, Capabilities::default()),
        scale_down_cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(300),
        stop_timeout: Duration::from_secs(10),
        rebalances: true,
        keeps_units: false,
        ledger: None,
        seed: 7,
    }
}
