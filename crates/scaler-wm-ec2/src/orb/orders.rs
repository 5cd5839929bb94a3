//! Requests for machines whose outcome was not told yet.

use std::collections::BTreeMap;

use scaler_wm_core::{LaunchId, OpenLaunch, Receipt, Settled, Timestamp};

/// One request for machines.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) request: String,
    pub(super) count: u32,
    pub(super) at: Timestamp,
    /// What came of it, once that is known.
    outcome: Option<Settled>,
}

/// The requests for machines whose outcome was not told yet, by their launches.
#[derive(Debug, Default)]
pub(super) struct Orders(BTreeMap<LaunchId, Order>);

impl Orders {
    /// The server has taken a request.
    pub(super) fn placed(&mut self, launch: LaunchId, request: String, count: u32, at: Timestamp) {
        self.0.entry(launch).or_insert(Order { request, count, at, outcome: None });
    }

    /// Takes up what is open, receipts of earlier processes included; returns what is new here.
    pub(super) fn adopt(&mut self, open: &[OpenLaunch]) -> Vec<(LaunchId, String)> {
        let mut new = Vec::new();
        for OpenLaunch { launch, receipt } in open {
            let Some(request) = receipt.as_ref().and_then(request_of) else { continue };
            if !self.0.contains_key(&launch.id) {
                self.placed(launch.id.clone(), request.clone(), launch.count.get(), launch.at);
                new.push((launch.id.clone(), request));
            }
        }
        new
    }

    /// Those that may still bring machines.
    pub(super) fn pending(&self) -> Vec<(LaunchId, Order)> {
        let pending = self.0.iter().filter(|(_, order)| order.outcome.is_none());
        pending.map(|(launch, order)| (launch.clone(), order.clone())).collect()
    }

    /// Nothing more will come of one.
    pub(super) fn ended(&mut self, launch: &LaunchId, outcome: Settled) {
        if let Some(order) = self.0.get_mut(launch) {
            order.outcome = Some(outcome);
        }
    }

    /// The outcomes of those that are waited for; they are forgotten here.
    pub(super) fn settled(&mut self, open: &[OpenLaunch]) -> Vec<(LaunchId, Settled)> {
        let mut settled = Vec::new();
        for OpenLaunch { launch, .. } in open.iter().filter(|open| open.receipt.is_some()) {
            if self.0.get(&launch.id).is_some_and(|order| order.outcome.is_some())
                && let Some(outcome) = self.0.remove(&launch.id).and_then(|order| order.outcome)
            {
                settled.push((launch.id.clone(), outcome));
            }
        }
        settled
    }
}

/// The receipt of a request.
pub(super) fn receipt(request: &str) -> Receipt {
    Receipt(request.to_owned().into())
}

/// The request that a receipt names.
pub(super) fn request_of(receipt: &Receipt) -> Option<String> {
    std::str::from_utf8(&receipt.0).ok().filter(|request| !request.is_empty()).map(str::to_owned)
}
