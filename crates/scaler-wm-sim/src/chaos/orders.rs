//! Launches as the manager must think of them: which may still bring units.

use std::num::NonZeroU32;

use scaler_wm_core::{ErrorKind, Launch, LaunchId, Timestamp, Token};

use super::Setup;

/// One launch, from when it was planned.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) launch: LaunchId,
    pub(super) token: Token,
    pub(super) at: Timestamp,
    pub(super) count: NonZeroU32,
    pub(super) is_recorded: bool,
    /// Whether the manager has heard what came of it.
    pub(super) is_closed: bool,
    /// Whether what it has heard was no, after a call of which nobody knows what came.
    pub(super) is_given_up: bool,
    is_uncertain: bool,
    /// A call of it is under way.
    is_called: bool,
    /// It was answered with a receipt: looks tell what comes of it.
    has_receipt: bool,
    /// Whether what came of it could not be written down: the next process may take it for open.
    is_unwritten: bool,
    /// Whether a process that has gone planned it.
    pub(super) is_adopted: bool,
    /// Whether it is one more than wanted, so that work can be spread.
    pub(super) is_spare: bool,
}

/// Every launch.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders(Vec<Order>);

impl Orders {
    pub(super) fn planned(&mut self, launch: &Launch, is_spare: bool) {
        let Launch { id, token, count, at, .. } = launch;
        let (launch, token) = (id.clone(), token.clone());
        self.0.push(Order {
            launch,
            token,
            at: *at,
            count: *count,
            is_recorded: false,
            is_closed: false,
            is_given_up: false,
            is_uncertain: false,
            is_called: false,
            is_unwritten: false,
            has_receipt: false,
            is_adopted: false,
            is_spare,
        });
    }

    pub(super) fn get(&self, launch: &LaunchId) -> Option<&Order> {
        self.0.iter().find(|order| order.launch == *launch)
    }

    pub(super) fn recorded(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| order.is_recorded = true);
    }

    /// A call of it has failed. Where nobody knows what came of an earlier one, it is repeated until the last word is said.
    pub(super) fn failed(&mut self, launch: &LaunchId, kind: ErrorKind, setup: &Setup) {
        let Some(order) = self.find(launch) else { return };
        order.is_called = false;
        order.is_uncertain |= kind.is_uncertain();
        let is_last_word = !setup.idempotent || !kind.is_retryable() || kind == ErrorKind::NoCapacity;
        order.is_closed |= is_last_word || !order.is_uncertain;
        order.is_given_up |= order.is_closed && order.is_uncertain;
    }

    /// It is called.
    pub(super) fn called(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| order.is_called = true);
    }

    /// Units will follow.
    pub(super) fn awaited(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| (order.is_called, order.has_receipt) = (false, true));
    }

    /// The next process has found it on record, and nothing of what came of it but perhaps a receipt.
    pub(super) fn reopened(&mut self, launch: &LaunchId, has_receipt: bool) {
        let Some(order) = self.find(launch) else { return };
        // Others may have taken its place.
        order.is_given_up |= order.is_closed && order.is_unwritten;
        (order.is_closed, order.is_uncertain, order.has_receipt) = (false, true, has_receipt);
    }

    /// What came of it could not be written down.
    pub(super) fn unwritten(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| order.is_unwritten = true);
    }

    /// Nobody will ask again what came of it.
    pub(super) fn given_up(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| (order.is_closed, order.is_given_up) = (true, true));
    }

    /// Those of which nobody knows what came, and that are too old by now to be repeated, are given up.
    pub(super) fn grow_old(&mut self, setup: &Setup, now: Timestamp) {
        let waits = |order: &&mut Order| {
            !order.is_closed && order.is_recorded && order.is_uncertain && !order.is_called && !order.has_receipt
        };
        for order in self.0.iter_mut().filter(waits).filter(|order| !setup.may_repeat(now.since(order.at))) {
            (order.is_closed, order.is_given_up) = (true, true);
        }
    }

    pub(super) fn closed(&mut self, launch: &LaunchId) {
        self.find(launch).into_iter().for_each(|order| (order.is_closed, order.is_called) = (true, false));
    }

    fn find(&mut self, launch: &LaunchId) -> Option<&mut Order> {
        self.0.iter_mut().find(|order| order.launch == *launch)
    }

    /// The process has ended: what was not on record was never called, and perhaps all is `over`.
    pub(super) fn process_ended(&mut self, over: bool) {
        for order in self.0.iter_mut().filter(|order| !order.is_closed) {
            order.is_closed = over || !order.is_recorded;
            // Nobody knows whether it was called.
            order.is_uncertain = true;
        }
        self.0.iter_mut().for_each(|order| (order.is_adopted, order.is_called) = (true, false));
    }

    /// Those whose outcome the manager does not know.
    pub(super) fn open(&self) -> impl Iterator<Item = &Order> {
        self.0.iter().filter(|order| !order.is_closed)
    }

    /// Whether some may have brought units although the last word on them was no.
    pub(super) fn has_given_up(&self) -> bool {
        self.0.iter().any(|order| order.is_given_up)
    }

    /// How many those are.
    pub(super) fn given_up_so_far(&self) -> u64 {
        self.0.iter().filter(|order| order.is_given_up).count() as u64
    }

    /// How many there were.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
