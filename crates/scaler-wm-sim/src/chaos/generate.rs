//! Scenarios, made of seeds.

use fastrand::Rng;
use scaler_wm_core::ErrorKind;

use super::{Bad, CallKind, Event, Point, Scenario, Setup, Spoiled, What, When, Write};

/// The last event comes no later.
const FAULTS_WITHIN: u64 = 600_000;

impl Scenario {
    /// The scenario of a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let setup = setup(&mut rng);
        let count = rng.usize(6..=40);
        let mut events: Vec<Event> =
            (0..count).map(|_| Event { at: rng.u64(0..FAULTS_WITHIN), what: what(&mut rng, &setup) }).collect();
        events.push(Event { at: 0, what: What::Wanted(rng.u32(1..=setup.limit + 2)) });
        events.sort_by_key(|event| event.at);
        Self { seed, setup, events }
    }
}

/// What can fail to be written down, and the manager goes on.
const WRITES: [Write; 3] = [Write::Receipt, Write::Outcome, Write::End];

fn setup(rng: &mut Rng) -> Setup {
    let one = |rng: &mut Rng, of: &[u64]| of[rng.usize(..of.len())];
    let outlives = rng.u32(..5) > 0;
    let idempotent = rng.u32(..5) > 0;
    Setup {
        limit: rng.u32(2..=9),
        batch: rng.u32(1..=6),
        tiers: rng.u32(1..=2),
        lag: if outlives { one(rng, &[0, 0, 5_000, 20_000]) } else { 0 },
        observe_every: one(rng, &[5_000, 20_000, 60_000, 3_600_000]),
        cooldown: one(rng, &[0, 10_000, 60_000]),
        drain: one(rng, &[20_000, 90_000]),
        start_up: one(rng, &[200, 3_000, 40_000]),
        stop_takes: one(rng, &[50, 2_000, 12_000]),
        call: one(rng, &[20, 800, 4_000]),
        leave_if_idle: rng.bool(),
        hand_back: rng.u32(..3) > 0,
        hold: rng.bool(),
        receipts: outlives && rng.u32(..4) == 0,
        rebalances: rng.bool(),
        ends_by_itself: rng.bool(),
        outlives,
        keeps_units: outlives && rng.bool(),
        idempotent,
        repeatable_for: (idempotent && rng.u32(..3) == 0).then(|| one(rng, &[20_000, 60_000, 200_000])),
        lists_foreign: rng.u32(..4) > 0,
        budget: (rng.u32(..4) == 0).then(|| rng.u32(2..=6)),
        day_budget: (rng.u32(..4) == 0).then(|| rng.u32(1..=6)),
        works_on: rng.bool(),
    }
}

fn what(rng: &mut Rng, setup: &Setup) -> What {
    let any_kind = |rng: &mut Rng| ErrorKind::ALL[rng.usize(..ErrorKind::ALL.len())];
    match rng.u32(..100) {
        0..30 => What::Wanted(if rng.u32(..4) == 0 { 0 } else { rng.u32(0..=setup.limit + 2) }),
        30..42 => {
            What::Busy { unit: rng.u32(..8), millis: rng.u64(1_000..120_000), queued: rng.u32(..4) * rng.u32(..40) }
        }
        42..48 => What::Dies(rng.u32(..8)),
        48..51 => What::TakenSoon { unit: rng.u32(..8), millis: rng.u64(5_000..120_000) },
        51..56 => What::Away(rng.u64(2_000..90_000)),
        56..67 => {
            let spoiled = match rng.u32(..8) {
                0..3 => Spoiled::Fails(any_kind(rng)),
                3 | 4 => Spoiled::LosesReply,
                5 => Spoiled::Late(rng.u64(1_000..60_000)),
                6 => Spoiled::Takes(rng.u64(5_000..90_000)),
                _ => Spoiled::Partly(rng.u32(1..4), any_kind(rng)),
            };
            What::Next(CallKind::Launch, spoiled)
        }
        67..71 => What::Next(CallKind::Look, spoiled(rng, !setup.is_quiet())),
        71..75 => What::Next(CallKind::Stop, spoiled(rng, true)),
        75..78 => {
            let calls = [CallKind::Launch, CallKind::Stop, CallKind::Look];
            let call = calls[rng.usize(..if setup.is_quiet() { 2 } else { 3 })];
            What::Outage(call, any_kind(rng), rng.u64(5_000..120_000))
        }
        // One that cannot be called costs a process.
        78 if rng.u32(..3) == 0 => What::RecordFails(Write::Launch),
        78 | 79 => What::RecordFails(WRITES[rng.usize(..WRITES.len())]),
        80..86 => What::NextUnit(match rng.u32(..5) {
            0 | 1 => Bad::NeverStarts,
            2 => Bad::NoCapacity,
            3 => Bad::NeverJoins,
            _ => Bad::Slow(rng.u64(10_000..100_000)),
        }),
        86..97 => What::Killed {
            when: if rng.u32(..4) == 0 {
                When::Now
            } else {
                When::At(Point::ALL[rng.usize(..Point::ALL.len())], rng.u32(..3))
            },
            down: rng.u64(100..60_000),
            clock: clock(rng, setup),
        },
        _ => What::Restarted(rng.u64(100..30_000)),
    }
}

fn spoiled(rng: &mut Rng, may_fail: bool) -> Spoiled {
    let any_kind = |rng: &mut Rng| ErrorKind::ALL[rng.usize(..ErrorKind::ALL.len())];
    match rng.u32(..4) {
        0 if may_fail => Spoiled::Fails(any_kind(rng)),
        1 if may_fail => Spoiled::LosesReply,
        2 if may_fail => Spoiled::Partly(rng.u32(1..3), any_kind(rng)),
        _ => Spoiled::Takes(rng.u64(2_000..60_000)),
    }
}

/// How far the clock is set before the next process. Where a day's money is counted it is never set back: for how long
/// nobody counted is not known then. Where lists lag it is never set ahead: a launch of a moment ago is older then than
/// lists lag, and what no list shows yet is taken for gone (ARCHITECTURE.md says so).
fn clock(rng: &mut Rng, setup: &Setup) -> i64 {
    let off = [0, 0, 0, -5_000, -300_000, -7_200_000, 5_000, 300_000, 7_200_000];
    let set = off[rng.usize(..if setup.lag > 0 { 6 } else { off.len() })];
    if setup.day_budget.is_some() { set.max(0) } else { set }
}
