//! Random situations, and what is read from a plan.

use std::{num::NonZeroU32, time::Duration};

use proptest::prelude::*;
use scaler_wm_core::{
    Cooldown, Limit, Stop, Tier, Timestamp, UnitId,
    plan::{Abilities, Action, Drain, Limits, Phase, Plan, Rebalance, Situation, TierView, UnitView, Work, plan},
};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn around_now() -> impl Strategy<Value = Timestamp> {
    (0_u64..400_000).prop_map(|millis| NOW - Duration::from_secs(200) + Duration::from_millis(millis))
}

fn past() -> impl Strategy<Value = Timestamp> {
    (0_u64..200_000).prop_map(|millis| NOW - Duration::from_millis(millis))
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        Just(Work::Unknown),
        past().prop_map(|since| Work::NotConnected { since }),
        past().prop_map(|as_of| Work::Idle { as_of }),
        (1_u32..50).prop_map(|tasks| Work::Busy { tasks, queued: tasks - 1 }),
    ]
}

fn drain() -> impl Strategy<Value = Drain> {
    prop_oneof![
        4 => Just(Drain::No),
        1 => around_now().prop_map(|until| Drain::HandingBack { until }),
        1 => around_now().prop_map(|until| Drain::Waiting { until }),
        1 => past().prop_map(|since| Drain::Held { since }),
        1 => past().prop_map(|since| Drain::Ending { since }),
    ]
}

fn question() -> impl Strategy<Value = Option<Stop>> {
    prop_oneof![
        6 => Just(None),
        1 => prop::sample::select(vec![
            Some(Stop::IfIdle),
            Some(Stop::HandBack(Duration::from_secs(300))),
            Some(Stop::Resume),
            Some(Stop::Hold),
            Some(Stop::Now),
        ]),
    ]
}

prop_compose! {
    fn unit()(
        phase in prop_oneof![6 => Just(Phase::Alive), 1 => Just(Phase::Leaving)],
        is_taken_soon in prop::bool::weighted(0.2),
        since in past(),
        work in work(),
        drain in drain(),
        asking in question(),
        ask_after in prop_oneof![4 => past(), 1 => around_now()],
        refused in prop::option::weighted(0.2, past()),
        can in prop::array::uniform5(prop::bool::weighted(0.8)),
    ) -> UnitView {
        let [leave_if_idle, hand_back, hold, resume, relieve] = can;
        let can = Abilities { leave_if_idle, hand_back, hold, resume, relieve };
        UnitView { id: UnitId::from("unnamed"), phase, is_taken_soon, since, work, drain, asking, ask_after, refused, can }
    }
}

fn units() -> impl Strategy<Value = Vec<UnitView>> {
    prop::collection::vec(unit(), 0..40).prop_map(|mut units| {
        for (index, unit) in units.iter_mut().enumerate() {
            unit.id = UnitId::from(format!("unit-{index}"));
        }
        units
    })
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) desired: Option<u32>,
    pub(crate) units: Vec<UnitView>,
    pub(crate) open: u32,
    pub(crate) limits: Limits,
    pub(crate) tiers: Vec<TierView>,
    pub(crate) not_before: Timestamp,
}

impl Case {
    pub(crate) fn plan(&self) -> Plan {
        plan(&Situation {
            now: NOW,
            desired: self.desired,
            units: &self.units,
            open: self.open,
            limits: &self.limits,
            tiers: &self.tiers,
            cooldown: Cooldown::default(),
            rebalance: &Rebalance::default(),
            not_before: self.not_before,
        })
    }

    pub(crate) fn unit(&self, id: &UnitId) -> &UnitView {
        self.units.iter().find(|unit| unit.id == *id).expect("a plan names only units that are there")
    }
}

prop_compose! {
    pub(crate) fn case()(
        desired in prop::option::weighted(0.9, 0_u32..60),
        units in units(),
        open in prop_oneof![3 => Just(0_u32), 1 => 0_u32..10],
        max_units in prop_oneof![1 => Just(Limit::Unlimited), 4 => (0_u32..60).prop_map(Limit::AtMost)],
        batch in 1_u32..12,
        cooldown in prop_oneof![2 => Just(0_u64), 1 => 1_u64..60],
        rests in prop::array::uniform2(prop_oneof![3 => past(), 1 => around_now()]),
        not_before in prop_oneof![4 => past(), 1 => around_now()],
    ) -> Case {
        let limits = Limits {
            max_units,
            largest_batch: NonZeroU32::new(batch).expect("at least 1"),
            most_on_order: NonZeroU32::MAX,
            cooldown: Duration::from_secs(cooldown),
            drain_timeout: Duration::from_secs(300),
            ready_within: Duration::from_secs(60),
            relieves: true,
            ends_by_itself: false,
        };
        let tiers = rests
            .into_iter()
            .enumerate()
            .map(|(index, available_from)| TierView { tier: Tier::from(format!("tier-{index}")), available_from })
            .collect();
        Case { desired, units, open, limits, tiers, not_before }
    }
}

pub(crate) fn launched(plan: &Plan) -> u32 {
    plan.actions.iter().map(|action| if let Action::Launch { count, .. } = action { count.get() } else { 0 }).sum()
}

pub(crate) fn asks(plan: &Plan) -> impl Iterator<Item = (&UnitId, Stop)> {
    plan.actions.iter().filter_map(|action| match action {
        Action::Ask { unit, how, .. } => Some((unit, *how)),
        _ => None,
    })
}

/// Whether the load shows that a unit has nothing to do, and the unit has not said otherwise since.
pub(crate) fn is_idle(unit: &UnitView) -> bool {
    matches!(unit.work, Work::Idle { as_of } if unit.refused.is_none_or(|refused| as_of > refused))
}

pub(crate) fn is_overdue(unit: &UnitView) -> bool {
    matches!(unit.work, Work::NotConnected { since } if NOW.since(since) >= Duration::from_secs(60))
}
