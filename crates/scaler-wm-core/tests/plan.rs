//! What must hold of every plan, whatever the situation.

use std::{collections::HashSet, num::NonZeroU32, time::Duration};

use proptest::prelude::*;
use scaler_wm_core::{
    Cooldown, Limit, Stop, Tier, Timestamp, UnitId,
    plan::{
        Abilities, Action, Drain, Limits, Phase, Plan, Rebalance, Situation, TierView, UnitView, Work, plan,
        plan_ending,
    },
};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

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
struct Case {
    desired: Option<u32>,
    units: Vec<UnitView>,
    open: u32,
    limits: Limits,
    tiers: Vec<TierView>,
    not_before: Timestamp,
}

impl Case {
    fn plan(&self) -> Plan {
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

    fn unit(&self, id: &UnitId) -> &UnitView {
        self.units.iter().find(|unit| unit.id == *id).expect("a plan names only units that are there")
    }
}

prop_compose! {
    fn case()(
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

fn launched(plan: &Plan) -> u32 {
    plan.actions.iter().map(|action| if let Action::Launch { count, .. } = action { count.get() } else { 0 }).sum()
}

fn asks(plan: &Plan) -> impl Iterator<Item = (&UnitId, Stop)> {
    plan.actions.iter().filter_map(|action| match action {
        Action::Ask { unit, how, .. } => Some((unit, *how)),
        _ => None,
    })
}

/// Whether the load shows that a unit has nothing to do, and the unit has not said otherwise since.
fn is_idle(unit: &UnitView) -> bool {
    matches!(unit.work, Work::Idle { as_of } if unit.refused.is_none_or(|refused| as_of > refused))
}

fn is_overdue(unit: &UnitView) -> bool {
    matches!(unit.work, Work::NotConnected { since } if NOW.since(since) >= Duration::from_secs(60))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn never_more_units_than_the_limit(case in case()) {
        let launched = launched(&case.plan());
        if let Limit::AtMost(limit) = case.limits.max_units {
            // What is being taken from us does not count any more.
            let is_ours = |unit: &&UnitView| unit.phase != Phase::Leaving || unit.drain != Drain::No;
            let present = u32::try_from(case.units.iter().filter(is_ours).count()).unwrap() + case.open;
            prop_assert!(launched == 0 || present + launched <= limit, "{present} there, {launched} more, limit {limit}");
        }
    }

    #[test]
    fn no_launch_is_larger_than_a_batch_nor_from_a_resting_tier_nor_too_early(case in case()) {
        for action in case.plan().actions {
            if let Action::Launch { count, tier } = action {
                prop_assert!(count <= case.limits.largest_batch);
                prop_assert!(case.not_before <= NOW);
                let first = case.tiers.iter().find(|tier| tier.available_from <= NOW);
                prop_assert_eq!(first.map(|tier| &tier.tier), Some(&tier));
            }
        }
    }

    #[test]
    fn no_busy_unit_is_let_go_while_an_idle_one_stays(case in case()) {
        let made = case.plan();
        let asked: HashSet<&UnitId> = asks(&made).map(|(unit, _)| unit).collect();
        let lets_busy_go = made.actions.iter().any(|action| match action {
            Action::Ask { unit, how: Stop::HandBack(_) | Stop::IfIdle | Stop::Hold, .. }
            | Action::WaitUntilIdle { unit, .. } => {
                let unit = case.unit(unit);
                unit.drain == Drain::No && matches!(unit.work, Work::Busy { .. })
            }
            Action::Ask { unit, how: Stop::Now, .. } => {
                let unit = case.unit(unit);
                unit.drain == Drain::No && matches!(unit.work, Work::Busy { .. })
            }
            _ => false,
        });
        let idle_stays = case
            .units
            .iter()
            .any(|unit| unit.is_active() && unit.may_be_asked(NOW) && is_idle(unit) && !asked.contains(&unit.id));
        prop_assert!(!(lets_busy_go && idle_stays));
    }

    #[test]
    fn a_busy_unit_is_ended_only_after_its_time(case in case()) {
        for (unit, how) in asks(&case.plan()) {
            let unit = case.unit(unit);
            if how == Stop::Now && matches!(unit.work, Work::Busy { .. }) {
                let is_over = match unit.drain {
                    Drain::HandingBack { until } | Drain::Waiting { until } => until <= NOW,
                    Drain::Ending { .. } => true,
                    Drain::No | Drain::Held { .. } => false,
                };
                prop_assert!(is_over, "{unit:?}");
            }
        }
    }

    #[test]
    fn drains_are_taken_back_before_anything_starts(case in case()) {
        let made = case.plan();
        if launched(&made) > 0 {
            let taken_back: HashSet<&UnitId> = made.actions.iter().filter_map(|action| match action {
                Action::Ask { unit, how: Stop::Resume, .. } | Action::KeepAfterAll { unit } => Some(unit),
                _ => None,
            }).collect();
            for unit in &case.units {
                let could_stay = unit.phase == Phase::Alive && unit.can.resume && unit.may_be_asked(NOW)
                    && matches!(unit.drain, Drain::HandingBack { until } | Drain::Waiting { until } if until > NOW);
                prop_assert!(!could_stay || taken_back.contains(&unit.id), "{unit:?}");
            }
        }
    }

    #[test]
    fn as_many_as_wanted_calls_for_nothing(case in case()) {
        let settled: Vec<UnitView> = case.units.into_iter()
            .filter(|unit| unit.is_active() && unit.asking.is_none() && !is_overdue(unit)).collect();
        let desired = u32::try_from(settled.len()).unwrap();
        let limits = Limits { max_units: Limit::Unlimited, ..case.limits };
        let case = Case { desired: Some(desired), units: settled, open: 0, limits, ..case };
        prop_assert_eq!(case.plan().actions, vec![]);
    }

    #[test]
    fn nothing_starts_and_nobody_is_let_go_while_nobody_says_what_is_wanted(case in case()) {
        let case = Case { desired: None, ..case };
        let made = case.plan();
        prop_assert_eq!(launched(&made), 0);
        for (unit, _) in asks(&made) {
            let unit = case.unit(unit);
            let goes_anyway = unit.is_taken_soon && unit.phase == Phase::Leaving;
            prop_assert!(unit.drain != Drain::No || is_overdue(unit) || goes_anyway, "{unit:?}");
        }
    }

    #[test]
    fn what_will_be_taken_from_us_goes_once_it_is_idle(case in case()) {
        let made = case.plan();
        let asked: HashSet<&UnitId> = asks(&made).map(|(unit, _)| unit).collect();
        for unit in case.units.iter().filter(|unit| unit.phase == Phase::Leaving && unit.drain == Drain::No) {
            let goes = unit.is_taken_soon && is_idle(unit) && unit.may_be_asked(NOW);
            prop_assert!(asked.contains(&unit.id) == goes || is_overdue(unit), "{unit:?}");
        }
    }

    #[test]
    fn a_unit_is_asked_once_and_never_while_an_answer_is_awaited(case in case()) {
        let made = case.plan();
        let mut seen = HashSet::new();
        for action in &made.actions {
            let (Action::Ask { unit, .. } | Action::WaitUntilIdle { unit, .. } | Action::KeepAfterAll { unit }) = action
            else { continue };
            prop_assert!(seen.insert(unit.clone()), "{unit} twice in {:?}", made.actions);
            prop_assert!(case.unit(unit).may_be_asked(NOW));
        }
    }

    #[test]
    fn a_failed_launch_is_planned_again_with_the_wish_unchanged(case in case(), wait in 1_u64..60) {
        let not_before = NOW + Duration::from_secs(wait);
        let tiers = vec![TierView { tier: Tier::default(), available_from: NOW }];
        let case = Case { tiers, not_before: NOW, ..case };
        let wanted = launched(&case.plan());
        let waiting = Case { not_before, ..case }.plan();
        prop_assert_eq!(launched(&waiting), 0);
        if wanted > 0 {
            prop_assert!(waiting.look_again.is_some_and(|at| at <= not_before), "nobody would look again");
        }
    }
}

/// An infrastructure that does what it is told at once, except that busy units take some rounds to hand back.
struct World {
    units: Vec<UnitView>,
    now: Timestamp,
    named: u32,
    cooldown: Cooldown,
}

impl World {
    fn step(&mut self, desired: u32, limits: &Limits) -> usize {
        let made = plan(&Situation {
            now: self.now,
            desired: Some(desired),
            units: &self.units,
            open: 0,
            limits,
            tiers: &[TierView { tier: Tier::default(), available_from: NOW }],
            cooldown: self.cooldown,
            rebalance: &Rebalance::default(),
            not_before: NOW,
        });
        self.cooldown = made.cooldown;
        let count = made.actions.len();
        for action in made.actions {
            self.apply(action);
        }
        self.now = self.now + Duration::from_secs(1);
        let now = self.now;
        // Hand-backs end; what is asked as idle has gone.
        self.units.retain(|unit| !matches!(unit.drain, Drain::Ending { .. }));
        for unit in &mut self.units {
            match (&mut unit.work, unit.drain) {
                (Work::Busy { tasks, .. }, Drain::HandingBack { .. }) if *tasks > 1 => *tasks -= 1,
                (_, Drain::HandingBack { .. }) => unit.drain = Drain::Ending { since: now },
                (Work::Idle { as_of }, _) => *as_of = now,
                _ => {}
            }
        }
        count
    }

    fn apply(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::Launch { count, .. } => {
                for _ in 0..count.get() {
                    self.named += 1;
                    self.units.push(UnitView {
                        id: UnitId::from(format!("new-{}", self.named)),
                        phase: Phase::Alive,
                        is_taken_soon: false,
                        since: now,
                        work: Work::Idle { as_of: now },
                        drain: Drain::No,
                        asking: None,
                        ask_after: now,
                        refused: None,
                        can: Abilities::default(),
                    });
                }
            }
            Action::Ask { unit, how, .. } => self.change(&unit, |view| match (how, view.work) {
                (Stop::IfIdle, Work::Busy { .. }) => view.refused = Some(now),
                (Stop::IfIdle | Stop::Now, _) => view.drain = Drain::Ending { since: now },
                (Stop::HandBack(within), _) => view.drain = Drain::HandingBack { until: now + within },
                (Stop::Relieve, _) => panic!("switched off here"),
                (Stop::Hold, _) => view.drain = Drain::Held { since: now },
                (Stop::Resume, _) => view.drain = Drain::No,
            }),
            Action::LaunchSpare { .. } => panic!("switched off here"),
            Action::WaitUntilIdle { unit, until } => self.change(&unit, |view| view.drain = Drain::Waiting { until }),
            Action::KeepAfterAll { unit } => self.change(&unit, |view| view.drain = Drain::No),
        }
    }

    fn change(&mut self, id: &UnitId, change: impl FnOnce(&mut UnitView)) {
        change(self.units.iter_mut().find(|unit| unit.id == *id).expect("a plan names only units that are there"));
    }
}

proptest! {
    #[test]
    fn it_converges_in_bounded_steps(case in case(), desired in 0_u32..40) {
        let limits =
            Limits { max_units: Limit::AtMost(30), cooldown: Duration::from_secs(5), relieves: false, ..case.limits };
        let mut units = case.units;
        for unit in &mut units {
            // Answers are on their way in the other tests; here everything answers at once.
            (unit.asking, unit.ask_after, unit.can) = (None, NOW, Abilities::default());
            if matches!(unit.work, Work::Unknown | Work::NotConnected { .. }) || unit.phase == Phase::Leaving {
                (unit.work, unit.phase) = (Work::Idle { as_of: NOW }, Phase::Alive);
            }
        }
        let mut world = World { units, now: NOW, named: 0, cooldown: Cooldown::default() };
        // A round is a second: the longest drain of the generator (200 s), cooldown, holds and endings (15 s).
        for _ in 0..230 {
            world.step(desired, &limits);
        }
        let active = world.units.iter().filter(|unit| unit.is_active()).count();
        prop_assert_eq!(active, desired.min(30) as usize, "{:?}", world.units);
        prop_assert_eq!(world.units.len(), active);
        prop_assert_eq!(world.step(desired, &limits), 0, "it acts although all is as wanted");
    }
}

proptest! {
    #[test]
    fn an_ending_manager_lets_all_finish_and_cuts_all_off_at_the_deadline(case in case(), within in 1_u64..60) {
        let until = NOW + Duration::from_secs(within);
        let before: HashSet<UnitId> = plan_ending(&case.units, until, NOW).into_iter().filter_map(|action| match action {
            Action::Ask { unit, how: Stop::Now, .. } => Some(unit),
            _ => None,
        }).collect();
        for unit in &case.units {
            // Who can hand back, or is known to be busy, gets its time.
            let has_time = unit.can.hand_back || matches!(unit.work, Work::Busy { .. });
            let stands_still = matches!(unit.drain, Drain::Held { .. });
            prop_assert!(!(before.contains(&unit.id) && has_time && !stands_still), "{unit:?}");
        }

        let at_deadline: HashSet<UnitId> = plan_ending(&case.units, NOW, NOW).into_iter().filter_map(|action| match action {
            Action::Ask { unit, how: Stop::Now, .. } => Some(unit),
            _ => None,
        }).collect();
        for unit in &case.units {
            let was_ended = matches!(unit.drain, Drain::Ending { since } if since >= NOW);
            prop_assert!(was_ended || !unit.may_be_asked(NOW) || at_deadline.contains(&unit.id), "{unit:?}");
        }
    }
}
