//! `baremetal_native`: local processes.

use std::sync::Arc;

use scaler_wm_native::{NativeConfig, NativeInventory, NativeProvider, preflight};

use super::{Backend, Order, Parts};
use crate::exit::Failure;

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |Order { values, manager, .. }| {
        Box::pin(async move {
            let provider = NativeProvider::start(NativeConfig::from_values(&values, &manager)?).await;
            Ok(Arc::new(provider.map_err(Failure::setup)?) as _)
        })
    },
    check: |values, manager| NativeConfig::from_values(values, manager).map(drop),
    look: |values, manager, limit| Ok(Box::pin(preflight(NativeConfig::from_values(values, manager)?, limit))),
    inventory: |values, manager| {
        Box::pin(async move { Ok(Box::new(NativeInventory::new(NativeConfig::from_values(values, manager)?)) as _) })
    },
});
