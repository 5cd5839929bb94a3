//! What units cost, and what may still be spent.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{engine::Change, usage::Usage};
use crate::{ManagerId, Timestamp};

/// What is launched is paid for so long ahead.
pub(super) const AHEAD: Duration = Duration::from_secs(3_600);

/// A unit that a process left behind and the next one did not find has gone within this time.
const GONE_WITHIN: Duration = Duration::from_secs(600);

/// What may be spent. Work that is there goes on: nothing more is launched.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// For an hour: all units that are there cost no more at once.
    pub per_hour: Option<f64>,
    /// For 24 hours in a row.
    pub per_day: Option<f64>,
}

/// What units cost, and what may be spent on them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pricing {
    /// What may be spent.
    pub budget: Budget,
    /// What a unit of each manager costs for an hour.
    pub prices: Vec<(ManagerId, f64)>,
}

impl Budget {
    /// How much more an hour may cost than the `rate` of now, when `spent` went in the last 24 hours and everything is
    /// paid for so long `ahead`; less than 0 when it may not even cost that.
    pub(super) fn room(&self, rate: f64, spent: f64, ahead: Duration) -> f64 {
        let hour = self.per_hour.map(|budget| budget - rate);
        let day = self.per_day.map(|budget| (budget - spent) / hours(ahead) - rate);
        [hour, day].into_iter().flatten().fold(f64::INFINITY, f64::min)
    }

    /// Whether it is too little for one unit at this price.
    pub(super) fn never_pays_for(&self, price: f64) -> bool {
        price > 0.0 && payable(self.room(0.0, 0.0, AHEAD), price) == 0
    }

    /// Whether the day's money pays for less than so long of the `rate` of now.
    pub(super) fn runs_out(&self, rate: f64, spent: f64, within: Duration) -> bool {
        rate > 0.0 && self.per_day.is_some_and(|budget| budget - spent < rate * hours(within))
    }
}

/// What the managers of a policy with a budget have spent, and the permission to launch.
///
/// Managers on any number of threads share one. Each says how many units it has whenever it looks, and asks before it
/// launches; what it is allowed counts from that moment on. So all of them together keep within the budget at every
/// instant, however late the policy hears of what they did.
#[derive(Debug)]
pub struct Ledger {
    budget: Budget,
    accounts: Mutex<BTreeMap<ManagerId, Account>>,
}

#[derive(Debug)]
struct Account {
    price: f64,
    units: u32,
    as_of: Option<Timestamp>,
    usage: Usage,
    /// Whether its manager runs here and has not said yet how many units it has.
    is_awaited: bool,
}

/// What the units of one manager cost, in the currency of the policy's prices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// For an hour, as many as are there now; units that launches may still bring are paid for already.
    pub per_hour: f64,
    /// In the last 24 hours.
    pub last_day: f64,
    /// What all managers of the policy together may cost.
    pub budget: Budget,
}

/// What one manager has spent, to be kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    units: u32,
    as_of: Option<Timestamp>,
    usage: Usage,
}

impl Ledger {
    /// A ledger in which nothing has been spent yet.
    #[must_use]
    pub fn new(Pricing { budget, prices }: Pricing) -> Self {
        let account = |(manager, price)| {
            let usage = Usage::default();
            (manager, Account { price, units: 0, as_of: None, usage, is_awaited: false })
        };
        Self { budget, accounts: Mutex::new(prices.into_iter().map(account).collect()) }
    }

    /// So many units of `manager` are there now, those that are on their way in or out included.
    pub fn count(&self, manager: &ManagerId, units: u32, now: Timestamp) {
        if let Some(account) = self.books().get_mut(manager) {
            if std::mem::take(&mut account.is_awaited) {
                account.settle(units, now);
            }
            account.pass(now);
            account.units = units;
        }
    }

    /// This manager runs here: nothing is launched by anybody before it has said how many units it has, be they left by
    /// an earlier process.
    pub fn await_count(&self, manager: &ManagerId) {
        if let Some(account) = self.books().get_mut(manager) {
            account.is_awaited = true;
        }
    }

    /// How many of the `units` that `manager` would launch now it may; they count from here on.
    pub fn admit(&self, manager: &ManagerId, units: u32, now: Timestamp) -> u32 {
        let mut books = self.books();
        let is_known = books.values().all(|account| !account.is_awaited);
        let (mut rate, mut spent) = (0.0, 0.0);
        for account in books.values_mut() {
            account.pass(now);
            rate += f64::from(account.units) * account.price;
            spent += account.usage.unit_hours() * account.price;
        }
        let Some(account) = books.get_mut(manager) else { return units };
        if account.price <= 0.0 {
            return units;
        }
        let room = if is_known { self.budget.room(rate, spent, AHEAD) } else { 0.0 };
        let allowed = payable(room, account.price).min(units);
        account.units = account.units.saturating_add(allowed);
        allowed
    }

    /// What an engine has to know of it now.
    pub fn changes(&self, now: Timestamp) -> Vec<Change> {
        let change = |(manager, account): (&ManagerId, &mut Account)| {
            account.pass(now);
            Change::Paid { manager: manager.clone(), units: account.units, unit_time: account.usage.unit_time() }
        };
        self.books().iter_mut().map(change).collect()
    }

    /// What the units of a manager cost; `None` if it has no price.
    #[must_use]
    pub fn cost(&self, manager: &ManagerId, now: Timestamp) -> Option<Cost> {
        let mut books = self.books();
        let account = books.get_mut(manager)?;
        account.pass(now);
        let (per_hour, last_day) =
            (f64::from(account.units) * account.price, account.usage.unit_hours() * account.price);
        Some(Cost { per_hour, last_day, budget: self.budget })
    }

    /// What is to be kept of a manager; nothing if it has no price.
    #[must_use]
    pub fn record(&self, manager: &ManagerId, now: Timestamp) -> Option<AccountRecord> {
        let mut books = self.books();
        let account = books.get_mut(manager)?;
        account.pass(now);
        Some(AccountRecord { units: account.units, as_of: account.as_of, usage: account.usage.clone() })
    }

    /// Goes on from what was kept. What the units of then have cost meanwhile is known when the manager says how many
    /// are left.
    pub fn restore(&self, manager: &ManagerId, record: AccountRecord, now: Timestamp) {
        if let Some(account) = self.books().get_mut(manager) {
            // A clock that was ahead then is right now.
            let as_of = record.as_of.map(|as_of| as_of.min(now));
            (account.units, account.as_of, account.usage) = (record.units, as_of, record.usage.until(now));
            account.is_awaited = true;
        }
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<ManagerId, Account>> {
        // Numbers that stand for themselves: whoever panicked left nothing half done.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    /// Nobody looked for a while. Units that are left were there all the time; those that are not went soon after, with
    /// their manager, or because they missed it.
    fn settle(&mut self, left: u32, now: Timestamp) {
        if let Some(from) = self.as_of.filter(|from| now > *from) {
            self.usage.add(self.units.saturating_sub(left), from, now.min(from + GONE_WITHIN));
            self.usage.add(left, from, now);
            self.as_of = Some(now);
        }
    }

    /// Time passes, in which the units that are there were there.
    fn pass(&mut self, now: Timestamp) {
        if self.is_awaited {
            return;
        }
        let from = *self.as_of.get_or_insert(now);
        if now > from {
            self.usage.add(self.units, from, now);
            self.as_of = Some(now);
        }
    }
}

/// How many units at this price so much money pays for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 0, and cut off at the most there is"
)]
pub(super) fn payable(money: f64, price: f64) -> u32 {
    if price <= 0.0 {
        return u32::MAX;
    }
    // A hair more, so that a budget of three units buys three.
    (money / price + 1e-9).floor().max(0.0) as u32
}

fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3_600.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn ledger(budget: Budget) -> (Ledger, [ManagerId; 2]) {
        let managers = ["cheap", "dear"].map(ManagerId::from);
        let prices = managers.iter().cloned().zip([0.5, 2.0]).collect();
        (Ledger::new(Pricing { budget, prices }), managers)
    }

    #[test]
    fn all_managers_together_keep_within_an_hour() {
        let (ledger, [cheap, dear]) = ledger(Budget { per_hour: Some(5.0), per_day: None });
        assert_eq!(ledger.admit(&dear, 9, at(0)), 2);
        assert_eq!(ledger.admit(&cheap, 9, at(0)), 2);
        assert_eq!(ledger.admit(&cheap, 9, at(0)), 0);
        // What was allowed counts until it is known how many came of it.
        ledger.count(&dear, 1, at(1));
        assert_eq!(ledger.admit(&cheap, 9, at(1)), 4);
        assert_eq!(ledger.admit(&ManagerId::from("without a rule"), 9, at(1)), 9);
    }

    #[test]
    fn a_day_is_paid_an_hour_ahead_and_outlives_a_restart() {
        let budget = Budget { per_hour: None, per_day: Some(10.0) };
        let (before, [cheap, dear]) = ledger(budget);
        assert_eq!(before.admit(&dear, 9, at(0)), 5);
        // Four hours' worth of 2 are gone by noon.
        before.count(&dear, 4, at(0));
        let record = before.record(&dear, at(60)).unwrap();
        let (after, _) = ledger(budget);
        after.restore(&dear, serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap(), at(60));
        assert_eq!(after.admit(&cheap, 9, at(60)), 0, "what the other one has is not known yet");
        after.count(&dear, 0, at(60));
        assert_eq!((before.admit(&cheap, 9, at(60)), after.admit(&cheap, 9, at(60))), (0, 4));
        assert_eq!(after.admit(&dear, 9, at(60)), 0);
    }

    #[test]
    fn what_was_left_behind_costs_for_as_long_as_it_was_there() {
        let (before, [_, dear]) = ledger(Budget { per_hour: None, per_day: Some(100.0) });
        before.count(&dear, 6, at(0));
        let record = before.record(&dear, at(0)).unwrap();
        for (left, unit_minutes) in [(6, 6 * 120), (0, 6 * 10), (2, 2 * 120 + 4 * 10)] {
            let (after, _) = ledger(Budget { per_hour: None, per_day: Some(100.0) });
            after.restore(&dear, record.clone(), at(120));
            after.count(&dear, left, at(120));
            assert_eq!(
                after.changes(at(120))[1],
                Change::Paid { manager: dear.clone(), units: left, unit_time: Duration::from_secs(unit_minutes * 60) }
            );
        }
        // Its clock was two days ahead.
        let (after, _) = ledger(Budget { per_hour: None, per_day: Some(100.0) });
        before.count(&dear, 6, at(60));
        let record = before.record(&dear, at(2 * 24 * 60)).unwrap();
        after.restore(&dear, record, at(30));
        after.count(&dear, 1, at(30));
        after.count(&dear, 0, at(90));
        let Change::Paid { unit_time, .. } = after.changes(at(3 * 24 * 60)).remove(1) else { panic!("no account") };
        assert_eq!(unit_time, Duration::ZERO, "a day later it is forgotten");
    }

    #[test]
    fn a_manager_with_a_price_has_a_cost() {
        let budget = Budget { per_hour: Some(5.0), per_day: None };
        let (ledger, [_, dear]) = ledger(budget);
        ledger.count(&dear, 2, at(0));
        assert_eq!(ledger.cost(&dear, at(90)), Some(Cost { per_hour: 4.0, last_day: 6.0, budget }));
        assert_eq!(ledger.cost(&ManagerId::from("without a rule"), at(90)), None);
    }

    #[test]
    fn a_clock_that_goes_back_costs_nothing() {
        let (ledger, [_, dear]) = ledger(Budget { per_hour: None, per_day: Some(10.0) });
        ledger.count(&dear, 1, at(600));
        ledger.count(&dear, 1, at(0));
        ledger.count(&dear, 0, at(630));
        assert_eq!(
            ledger.changes(at(630))[1],
            Change::Paid { manager: dear, units: 0, unit_time: Duration::from_secs(1_800) }
        );
    }
}
