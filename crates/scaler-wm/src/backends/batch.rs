//! `aws_hpc`: tasks as jobs of AWS Batch.

use std::sync::Arc;

use scaler_wm_batch::{BatchConfig, BatchExecutor, BatchInventory, preflight};

use super::{Backend, Parts};
use crate::{
    agents::{agents, check},
    exit::Failure,
};

/// The option that says how many tasks one agent has.
const OF_ONE: &str = "max_concurrent_jobs";

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |order| {
        Box::pin(async move {
            let config = BatchConfig::from_values(&order.values, &order.manager)?;
            let executor = BatchExecutor::start(config, Arc::clone(&order.journal)).await;
            let name = order.values.maybe_text("name").unwrap_or_else(|| "AWS".to_owned());
            agents(&order, name, OF_ONE, executor.map_err(Failure::start)?).await
        })
    },
    check: |values, manager| {
        BatchConfig::from_values(values, manager)?;
        check(values, OF_ONE)
    },
    look: |values, manager, _| Ok(Box::pin(preflight(BatchConfig::from_values(values, manager)?))),
    inventory: |values, manager| {
        Box::pin(
            async move { Ok(Box::new(BatchInventory::open(BatchConfig::from_values(values, manager)?).await) as _) },
        )
    },
});
