//! Units that outlive a process of their manager.

use std::{num::NonZeroU32, time::Duration};

use bytes::Bytes;
use scaler_wm_conformance::{Call, CallKind, MemorySettings};
use scaler_wm_core::{Clock, Journal, Launch, LaunchId, Settled, Stop, Tier, Timestamp, Token, UnitId};

use crate::bench::{Bench, Options, seconds};

#[tokio::test(start_paused = true)]
async fn units_stay_when_told_so_and_the_next_process_follows_with_them() {
    let bench = Bench::start(Options { keeps_units: true, ..Options::default() });
    bench.link.wish(3);
    bench.until_units(3).await;
    let (bench, summary) = bench.stopped_and_restarted().await;
    assert_eq!((summary.kept.len(), summary.left_behind.len(), summary.ended), (3, 0, 0));
    bench.link.up();
    bench.link.wish(3);
    bench.stays_at(3, seconds(60)).await;
    assert_eq!(bench.provider.launches().len(), 1, "none but the first");
    bench.link.wish(1);
    bench.until_units(1).await;
}

#[tokio::test(start_paused = true)]
async fn with_no_unit_left_it_puts_its_things_away_although_it_keeps_units() {
    let bench = Bench::start(Options { keeps_units: true, ..Options::default() });
    let provider = bench.provider.clone();
    assert!(bench.stop().await.unwrap().kept.is_empty());
    assert!(provider.calls().iter().any(|call| matches!(call, Call::Sweep { .. })));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_before_what_is_there_is_known() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.provider.delay_calls(CallKind::Observe, seconds(20));
    let bench = bench.killed_and_restarted().await;
    bench.link.up();
    bench.link.wish(2);
    bench.stays_at(2, seconds(60)).await;
    assert_eq!(bench.provider.launches().len(), 1, "none but the first");
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_no_journal_knows_finishes_and_goes_whatever_is_wanted() {
    let options = Options { memory: MemorySettings::default(), ..Options::default() };
    let bench = Bench::start_over(options, |provider| {
        provider.leave_behind(None);
    });
    let stray = bench.provider.units()[0].clone();
    bench.provider.set_busy(&stray, true);
    bench.link.up();
    bench.link.wish(2);
    tokio::time::sleep(seconds(5)).await;
    let asked: Vec<Stop> =
        bench.provider.stops().into_iter().filter(|(_, unit, _)| *unit == stray).map(|(_, _, how)| how).collect();
    assert!(matches!(asked[..], [Stop::HandBack(_)]), "{asked:?}");
    assert_eq!(bench.provider.units().len(), 3, "two others, and it has work to finish");
    bench.provider.set_busy(&stray, false);
    bench.until_units(2).await;
    assert!(!bench.provider.units().contains(&stray));
}

#[tokio::test(start_paused = true)]
async fn records_of_units_that_went_meanwhile_are_forgotten() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    tokio::time::sleep(seconds(1)).await;
    let provider = bench.provider.clone();
    bench.killed(|| provider.units().iter().for_each(|unit| provider.vanish(unit))).await.stays_forgotten().await;
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_ends_before_its_first_look_ends_what_is_on_record() {
    for (look_takes, are_seen) in [(3, true), (600, false)] {
        let bench = Bench::start(Options::default());
        bench.link.wish(2);
        bench.until_units(2).await;
        tokio::time::sleep(seconds(1)).await;
        bench.provider.delay_calls(CallKind::Observe, seconds(look_takes));
        let provider = bench.provider.clone();
        let left_behind = bench.killed_and_restarted().await.stop().await.unwrap().left_behind;
        if are_seen {
            assert_eq!((provider.units(), left_behind), (Vec::new(), Vec::new()));
        } else {
            assert_eq!(left_behind, provider.units(), "it names what it has not seen");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn units_that_were_not_seen_yet_stay_as_well() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    tokio::time::sleep(seconds(1)).await;
    bench.provider.delay_calls(CallKind::Observe, seconds(3));
    let provider = bench.provider.clone();
    let summary = bench.killed_and_restarted_to_keep().await.stop().await.unwrap();
    assert_eq!((summary.kept.len(), summary.kept), (2, provider.units()));
}

/// A record of a launch that was prepared and brought `unit-0` at these instants.
async fn record(options: &Options, prepared: Timestamp, settled: Timestamp) {
    let (id, token, tier) = (LaunchId::from("launch-0"), Token::from("token-0"), Tier::default());
    let launch = Launch { id, token, count: NonZeroU32::MIN, tier, at: prepared, spec: Bytes::new() };
    options.journal.open(&launch).await.expect("a journal in memory");
    let outcome = Settled { units: vec![UnitId::from("unit-0")], missing: 0 };
    options.journal.settle(&launch.id, &outcome, settled).await.expect("a journal in memory");
}

/// How long a manager waits with a launch.
async fn waits(options: Options) -> Duration {
    let bench = Bench::start(options);
    let began = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    bench.now().since(began)
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_came_a_moment_ago_may_be_hidden_however_old_its_launch_is() {
    let mut options = Options::default();
    options.memory.info.list_lag = seconds(10);
    let now = Clock::system().now();
    record(&options, now - seconds(3_600), now - seconds(2)).await;
    let waited = waits(options).await;
    assert!((seconds(7)..seconds(20)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_ahead_holds_nothing_up() {
    let mut options = Options::default();
    options.memory.info.list_lag = seconds(10);
    let later = Clock::system().now() + seconds(7_200);
    record(&options, later, later).await;
    let waited = waits(options).await;
    assert!((seconds(10)..seconds(20)).contains(&waited), "{waited:?} until what is on record is not hidden but gone");
}
