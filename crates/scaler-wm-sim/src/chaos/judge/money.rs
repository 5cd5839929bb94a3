//! What may be spent in a day.

use scaler_wm_core::ManagerId;

use super::Rule;
use crate::chaos::{
    cloud::Machine,
    world::{MANAGER, World},
};

const HOUR: u64 = 3_600_000;
/// A ledger counts whole milliseconds of each stretch of time.
const ROUNDED: u64 = 1_000;

/// What no process can know to have been spent.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::chaos) struct Spent {
    /// Milliseconds of units.
    unknown: u64,
    /// Units that were made since then may be gone before the process that has begun has counted them.
    made_since: Option<u64>,
    /// Whether nothing has been kept, so that all is counted from that process's first count on.
    is_new: bool,
}

impl Spent {
    /// A process begins with what was kept then, if anything was.
    pub(in crate::chaos) fn account_from(&mut self, kept: Option<u64>) {
        let from = kept.unwrap_or_default();
        self.made_since = Some(self.made_since.map_or(from, |before| before.min(from)));
        self.is_new = kept.is_none();
    }
}

impl World {
    /// So many units more are to be launched: an hour of each that is there, or may come, has to be paid for.
    pub(super) fn judge_day(&mut self, count: u32) {
        let Some(budget) = self.setup.day_budget else { return };
        let now = self.now;
        // Who launches has counted.
        if let Some(since) = self.spent.made_since.take() {
            let made = self.cloud.machines.values().filter(|machine| machine.made >= since);
            let is_new = self.spent.is_new;
            let unknown = made.filter(|machine| is_new || !machine.exists(now)).map(|machine| machine.lived(now));
            self.spent.unknown += unknown.sum::<u64>();
        }
        // What came of a launch that was given up is paid for from when it is seen.
        let counts = |machine: &&Machine| self.orders.get(&machine.launch).is_some_and(|order| !order.is_given_up);
        let spent = self.cloud.machines.values().filter(counts).map(|machine| machine.lived(now)).sum::<u64>();
        let spent = spent.saturating_sub(self.spent.unknown);
        let there = self.cloud.existing(now).filter(counts).count() as u64;
        let open = self.orders.open().filter(|order| !order.is_given_up).map(|order| {
            let made = self.cloud.made.get(&order.token).map_or(0, |made| made.units.len() as u64);
            u64::from(order.count.get()).saturating_sub(made)
        });
        let ahead = (there + open.sum::<u64>() + u64::from(count)) * HOUR;
        if spent + ahead > u64::from(budget) * HOUR + ROUNDED {
            let words = format!(
                "{count} units more beside {there}, after {} s of units: a day's money pays for {budget} hours of units",
                spent / 1_000
            );
            self.violated(Rule::Budget, words);
        }
    }

    /// Whether a day's money pays for no unit more, by what the manager counts.
    pub(super) fn has_no_money_left(&self) -> bool {
        let cost =
            self.ledger.as_ref().and_then(|ledger| ledger.cost(&ManagerId::from(MANAGER), self.life.clock.now()));
        let Some((cost, budget)) = cost.zip(self.setup.day_budget) else { return false };
        f64::from(budget) - cost.last_day - cost.per_hour < 1.0
    }
}
