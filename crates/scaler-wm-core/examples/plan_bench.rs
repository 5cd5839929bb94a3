//! How long one plan takes, and how that grows with the number of units: prints `plan_units N us X` lines.

use std::{
    hint::black_box,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use scaler_wm_core::{
    Cooldown, Limit, Tier, Timestamp, UnitId,
    plan::{Abilities, Drain, Limits, Phase, Rebalance, Situation, TierView, UnitView, Work, plan},
};

fn main() {
    let now = Timestamp::from_millis(1_000_000_000);
    let limits = Limits {
        max_units: Limit::Unlimited,
        largest_batch: NonZeroU32::MIN,
        most_on_order: NonZeroU32::MAX,
        cooldown: Duration::ZERO,
        drain_timeout: Duration::from_secs(300),
        ready_within: Duration::from_secs(60),
        relieves: true,
        ends_by_itself: false,
    };
    let tiers = [TierView { tier: Tier::default(), available_from: now }];
    for count in [1_000_u32, 10_000, 100_000] {
        let units: Vec<UnitView> = (0..count)
            .map(|index| UnitView {
                id: UnitId::from(format!("unit-{index}")),
                phase: Phase::Alive,
                is_taken_soon: false,
                since: now - Duration::from_millis(u64::from(index.wrapping_mul(2_654_435_761) % 100_000)),
                work: if index % 3 == 0 {
                    Work::Idle { as_of: now }
                } else {
                    Work::Busy { tasks: index % 7 + 1, queued: index % 7 }
                },
                drain: Drain::No,
                asking: None,
                ask_after: now,
                refused: None,
                can: Abilities::default(),
            })
            .collect();
        // The dearest case: half of them are to go, so all must be ranked.
        let situation = Situation {
            now,
            desired: Some(count / 2),
            units: &units,
            open: 0,
            limits: &limits,
            tiers: &tiers,
            cooldown: Cooldown::default(),
            rebalance: &Rebalance::default(),
            not_before: now,
        };
        let rounds = 2_000_000 / count;
        let started = Instant::now();
        for _ in 0..rounds {
            black_box(plan(black_box(&situation)));
        }
        let micros = started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
        println!("plan_units {count} us {micros:.1}");
    }
}
