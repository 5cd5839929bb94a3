//! `aws_raw_ecs`: tasks of AWS ECS.

use scaler_wm_ecs::{EcsConfig, EcsInventory, EcsProvider, preflight};

use super::{Backend, Order, Parts, provider};

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |Order { values, manager, .. }| {
        Box::pin(async move { provider(EcsProvider::start(EcsConfig::from_values(&values, &manager)?).await) })
    },
    check: |values, manager| EcsConfig::from_values(values, manager).map(drop),
    look: |values, manager, limit| Ok(Box::pin(preflight(EcsConfig::from_values(values, manager)?, limit))),
    inventory: |values, manager| {
        Box::pin(async move { Ok(Box::new(EcsInventory::open(EcsConfig::from_values(values, manager)?).await) as _) })
    },
});
