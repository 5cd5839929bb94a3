//! All that a run depends on.

use std::{fmt, num::NonZeroU32, time::Duration};

use scaler_wm_core::{Limit, ProviderInfo, Tier};

use super::Event;

/// All that a run depends on: the same scenario goes the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Seeds how long calls take, how stale lists are, and a manager's jitter.
    pub seed: u64,
    /// What does not change.
    pub setup: Setup,
    /// What happens, in order.
    pub events: Vec<Event>,
}

/// What does not change during a run. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The most units that may exist.
    pub limit: u32,
    /// The most units of one call.
    pub batch: u32,
    /// How many tiers there are.
    pub tiers: u32,
    /// How far lists may lag.
    pub lag: u64,
    /// How often the manager looks although nothing has changed.
    pub observe_every: u64,
    /// How long a scale-down has to be asked for.
    pub cooldown: u64,
    /// How long a busy unit may take to finish what runs.
    pub drain: u64,
    /// How long units take to come up.
    pub start_up: u64,
    /// How long units take to go.
    pub stop_takes: u64,
    /// The longest that a call takes, unless it is spoiled.
    pub call: u64,
    /// Whether units understand a question to leave if idle.
    pub leave_if_idle: bool,
    /// Whether they can hand their queue back.
    pub hand_back: bool,
    /// Whether they can stand still.
    pub hold: bool,
    /// Whether launches are answered with a receipt, and units come later.
    pub receipts: bool,
    /// Whether work is taken back from units that hold more than their share.
    pub rebalances: bool,
    /// Whether units go by themselves once they were told to.
    pub ends_by_itself: bool,
    /// Whether units outlive their manager, and are found again.
    pub outlives: bool,
    /// Whether units stay when the manager is told to end.
    pub keeps_units: bool,
    /// Whether the same launch again is the same request.
    pub idempotent: bool,
    /// For how long it is, if tokens are forgotten.
    pub repeatable_for: Option<u64>,
    /// Whether lists show units that nobody has on record.
    pub lists_foreign: bool,
    /// Units that the budget pays for at once.
    pub budget: Option<u32>,
    /// Hours of units that the budget pays for in a day.
    pub day_budget: Option<u32>,
    /// Whether units have work to do, and never finish it, once the last fault is over.
    pub works_on: bool,
}

/// How long a unit may take until its workers are at the scheduler.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Tokens are remembered for so much longer than launches may be repeated: what is on its way then arrives in time.
const REMEMBERED_LONGER: u64 = 160_000;

impl Setup {
    /// What a provider with this setup says of itself.
    pub(super) fn info(&self) -> ProviderInfo {
        let batch = NonZeroU32::new(self.batch).unwrap_or(NonZeroU32::MIN);
        ProviderInfo {
            name: "chaos",
            workers_per_unit: NonZeroU32::MIN,
            concurrency_per_worker: NonZeroU32::MIN,
            largest_batch: batch,
            most_on_order: NonZeroU32::MAX,
            most_units: Limit::Unlimited,
            tiers: (0..self.tiers.max(1)).map(|number| Tier::from(format!("tier-{number}"))).collect(),
            list_lag: Duration::from_millis(self.lag),
            ready_within: READY_WITHIN,
            observe_every: Duration::from_millis(self.observe_every),
            idempotent: self.idempotent,
            // Says nothing where no launch can be repeated.
            repeatable_for: self.repeatable_for.map_or(Duration::MAX, Duration::from_millis),
            lists_foreign_units: self.outlives && self.lists_foreign,
            finds_recorded_units: self.outlives,
            relieves: self.hand_back,
            ends_by_itself: self.ends_by_itself,
            swept_within: Duration::from_secs(5),
        }
    }

    /// Whether a launch of this age may be repeated.
    pub(super) fn may_repeat(&self, age: Duration) -> bool {
        self.idempotent && age <= self.info().repeatable_for
    }

    /// Whether what was carried out at `at` is still known by its token.
    pub(super) fn remembers(&self, at: u64, now: u64) -> bool {
        self.idempotent && self.repeatable_for.is_none_or(|span| now <= at + span + REMEMBERED_LONGER)
    }

    /// Whether no list shows units that nobody has on record.
    pub(super) const fn hides_strangers(&self) -> bool {
        self.outlives && !self.lists_foreign
    }

    /// Whether one unit may be started beyond what is wanted, so that work can be spread.
    pub(super) const fn has_spares(&self) -> bool {
        self.rebalances && self.hand_back
    }

    /// How long everything may take to be as it is wanted once nothing goes wrong any more: the longest rests, waits and
    /// drains that may still be under way then, twice.
    pub(super) fn patience(&self) -> u64 {
        /// The longest rest of a tier, of launches, and the longest call.
        const RESTS: u64 = 180_000 + 60_000 + 90_000;
        let ready = u64::try_from(READY_WITHIN.as_millis()).unwrap_or(u64::MAX);
        let looks = if self.is_quiet() { 0 } else { self.observe_every };
        2 * (RESTS
            + ready
            + looks
            + self.cooldown
            + self.drain
            + self.start_up
            + self.stop_takes
            + self.lag
            + self.call)
    }

    /// Whether it looks so seldom that whatever it misses is missed for good: then no look fails.
    pub(super) fn is_quiet(&self) -> bool {
        self.observe_every >= 3_600_000
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |millis: u64| Duration::from_millis(millis).as_secs_f64();
        let Self { limit, batch, tiers, lag, observe_every, cooldown, drain, start_up, stop_takes, call, .. } = self;
        write!(
            f,
            "limit {limit}, {batch} units a call, {tiers} tiers, lists lag {} s, looks every {} s, cooldown {} s, drain \
             {} s, up after {} s, gone after {} s, calls take up to {} s",
            seconds(*lag),
            seconds(*observe_every),
            seconds(*cooldown),
            seconds(*drain),
            seconds(*start_up),
            seconds(*stop_takes),
            seconds(*call),
        )?;
        for (is, words) in [
            (self.leave_if_idle, "leaves if idle"),
            (self.hand_back, "hands back"),
            (self.hold, "holds"),
            (self.receipts, "receipts"),
            (self.rebalances, "rebalances"),
            (self.ends_by_itself, "ends by itself"),
            (self.outlives, "outlives its manager"),
            (self.keeps_units, "units stay"),
            (self.works_on, "work goes on"),
            (!self.idempotent, "launches cannot be repeated"),
            (self.hides_strangers(), "lists hide what is not on record"),
        ] {
            if is {
                write!(f, ", {words}")?;
            }
        }
        if let Some(span) = self.repeatable_for {
            write!(f, ", tokens are for {} s", seconds(span))?;
        }
        if let Some(units) = self.budget {
            write!(f, ", budget for {units}")?;
        }
        self.day_budget.map_or(Ok(()), |hours| write!(f, ", {hours} unit hours a day"))
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.setup)?;
        self.events.iter().try_for_each(|event| writeln!(f, "  {event}"))
    }
}
