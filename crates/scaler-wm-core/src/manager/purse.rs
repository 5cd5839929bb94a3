//! What a manager may spend.

use std::{num::NonZeroU32, sync::Arc};

use tracing::{info, warn};

use crate::{ManagerId, Timestamp, policy::Ledger};

/// A manager's account in the ledger of its policy, if there is one.
#[derive(Debug)]
pub(super) struct Purse {
    ledger: Option<Arc<Ledger>>,
    manager: ManagerId,
    /// Whether the last launch was refused in part or as a whole.
    is_refused: bool,
}

impl Purse {
    pub(super) const fn new(ledger: Option<Arc<Ledger>>, manager: ManagerId) -> Self {
        Self { ledger, manager, is_refused: false }
    }

    /// So many units are there, those that may still come included.
    pub(super) fn count(&self, units: u32, now: Timestamp) {
        if let Some(ledger) = &self.ledger {
            ledger.count(&self.manager, units, now);
        }
    }

    /// Whether the last launch was refused in part or as a whole.
    pub(super) const fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// How many of `wanted` units may be launched.
    pub(super) fn admit(&mut self, wanted: NonZeroU32, now: Timestamp) -> u32 {
        let Some(ledger) = &self.ledger else { return wanted.get() };
        let admitted = ledger.admit(&self.manager, wanted.get(), now);
        let is_refused = admitted < wanted.get();
        // Once, and not every time it is tried again.
        match (std::mem::replace(&mut self.is_refused, is_refused), is_refused) {
            (false, true) => warn!(
                manager = %self.manager,
                wanted,
                admitted,
                "the budget pays for no more units now (budget_per_hour, budget_per_day); what runs goes on, and units start \
                 when money is free again"
            ),
            (true, false) => info!(manager = %self.manager, "the budget pays for units again"),
            _ => {}
        }
        admitted
    }
}
