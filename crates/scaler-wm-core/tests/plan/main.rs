//! What must hold of every plan, whatever the situation.

mod case;

use std::{collections::HashSet, time::Duration};

use proptest::prelude::*;
use scaler_wm_core::{
    Cooldown, Limit, Stop, Tier, Timestamp, UnitId,
    plan::{
        Abilities, Action, Drain, Limits, Phase, Rebalance, Situation, TierView, UnitView, Work, plan, plan_ending,
    },
};

use case::{Case, NOW, asks, case, is_idle, is_overdue, launched};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn never_more_units_than_the_limit(case in case()) {
        let launched = launched(&case.plan());
        if let Limit::AtMost(limit) = case.limits.max_units {
            // What is being taken from us does not count any more.
            let is_asked = |unit: &UnitView| unit.drain != Drain::No || unit.asking.is_some();
            let is_ours = |unit: &&UnitView| unit.phase != Phase::Leaving || is_asked(unit);
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
