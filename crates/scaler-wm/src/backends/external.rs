//! `external`: units of a plug-in.

use scaler_wm_external::{ExternalConfig, ExternalInventory, ExternalProvider, preflight};

use super::{Backend, Order, Parts, provider};
use crate::exit::Failure;

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |Order { values, manager, .. }| {
        Box::pin(
            async move { provider(ExternalProvider::start(ExternalConfig::from_values(&values, &manager)?).await) },
        )
    },
    check: |values, manager| ExternalConfig::from_values(values, manager).map(drop),
    look: |values, manager, _| Ok(Box::pin(preflight(ExternalConfig::from_values(values, manager)?))),
    inventory: |values, manager| {
        Box::pin(async move {
            let config = ExternalConfig::from_values(values, manager)?;
            Ok(Box::new(ExternalInventory::open(config).await.map_err(Failure::setup)?) as _)
        })
    },
});
