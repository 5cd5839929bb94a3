//! `symphony`: tasks for IBM Spectrum Symphony.

use scaler_wm_symphony::{SymphonyConfig, SymphonyExecutor, SymphonyInventory, preflight};

use super::{Backend, Parts};
use crate::{agents::agents, exit::Failure};

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |order| {
        Box::pin(async move {
            let config = SymphonyConfig::from_values(&order.values)?;
            let executor = SymphonyExecutor::start(config).await.map_err(Failure::start)?;
            let concurrency = order.values.fitting("max_concurrent_tasks")?;
            agents(&order, "SYM".to_owned(), concurrency, executor).await
        })
    },
    look: |values, _, _| Ok(Box::pin(preflight(SymphonyConfig::from_values(values)?))),
    inventory: |values, manager| {
        Box::pin(
            async move { Ok(Box::new(SymphonyInventory::new(SymphonyConfig::from_values(values)?, manager)) as _) },
        )
    },
});
