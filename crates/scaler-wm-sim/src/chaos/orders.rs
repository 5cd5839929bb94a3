//! Launches as the manager must think of them: which may still bring units.

use std::num::NonZeroU32;

use scaler_wm_core::{Launch, LaunchId, Token};

/// One launch, from when it was planned.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) launch: LaunchId,
    pub(super) token: Token,
    pub(super) count: NonZeroU32,
    pub(super) is_recorded: bool,
    /// Whether the manager has heard what came of it.
    pub(super) is_closed: bool,
}

/// Every launch.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders(Vec<Order>);

impl Orders {
    pub(super) fn planned(&mut self, launch: &Launch) {
        let Launch { id, token, count, .. } = launch;
        let (launch, token) = (id.clone(), token.clone());
        self.0.push(Order { launch, token, count: *count, is_recorded: false, is_closed: false });
    }

    pub(super) fn get(&self, launch: &LaunchId) -> Option<&Order> {
        self.0.iter().find(|order| order.launch == *launch)
    }

    pub(super) fn recorded(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| order.is_recorded = true);
    }

    pub(super) fn closed(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| order.is_closed = true);
    }

    fn find(&mut self, launch: &LaunchId) -> Option<&mut Order> {
        self.0.iter_mut().find(|order| order.launch == *launch)
    }

    /// The process has ended: what was not on record was never called, and perhaps all is `over`.
    pub(super) fn process_ended(&mut self, over: bool) {
        self.0.iter_mut().filter(|order| over || !order.is_recorded).for_each(|order| order.is_closed = true);
    }

    /// Those whose outcome the manager does not know.
    pub(super) fn open(&self) -> impl Iterator<Item = &Order> {
        self.0.iter().filter(|order| !order.is_closed)
    }

    /// How many there were.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
