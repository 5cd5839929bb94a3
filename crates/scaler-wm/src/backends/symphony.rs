//! `symphony`: tasks for IBM Spectrum Symphony.

use scaler_wm_symphony::{SymphonyConfig, SymphonyExecutor, SymphonyInventory, preflight};

use super::{Backend, Parts};
use crate::{
    agents::{agents, check},
    exit::Failure,
};

/// The option that says how many tasks one agent has.
const OF_ONE: &str = "max_concurrent_tasks";

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |order| {
        Box::pin(async move {
            let config = SymphonyConfig::from_values(&order.values)?;
            let executor = SymphonyExecutor::start(config).await.map_err(Failure::start)?;
            agents(&order, "SYM".to_owned(), OF_ONE, executor).await
        })
    },
    check: |values, _| {
        SymphonyConfig::check_values(values)?;
        check(values, OF_ONE)
    },
    look: |values, _, _| Ok(Box::pin(preflight(SymphonyConfig::from_values(values)?))),
    inventory: |values, manager| {
        Box::pin(
            async move { Ok(Box::new(SymphonyInventory::new(SymphonyConfig::from_values(values)?, manager)) as _) },
        )
    },
});
