//! Up and down with the wish.

use scaler_wm_conformance::{MemoryProvider, MemorySettings, Way};
use scaler_wm_core::{ExitCause, Stop, UnitId};

use crate::bench::{Bench, Options, seconds};

#[tokio::test(start_paused = true)]
async fn follows_the_wish_up_and_down_within_the_limit() {
    let bench = Bench::start(Options::default());
    bench.stays_at(0, seconds(5)).await;
    bench.link.wish(3);
    bench.until_units(3).await;
    bench.link.wish(100);
    bench.until_units(8).await;
    bench.stays_at(8, seconds(60)).await;
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.link.wish(0);
    bench.until_units(0).await;
    assert!(bench.is_forgotten().await, "launches whose units are gone are off the record");
    let summary = bench.stop().await.unwrap();
    assert_eq!((summary.started, summary.ended), (8, 8));
}

#[tokio::test(start_paused = true)]
async fn a_scale_down_waits_for_its_cooldown() {
    let bench = Bench::start(Options { cooldown: seconds(30), ..Options::default() });
    bench.link.wish(4);
    bench.until_units(4).await;
    bench.link.wish(1);
    bench.stays_at(4, seconds(29)).await;
    bench.until_units(1).await;
    bench.link.wish(3);
    bench.until_units(3).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_the_scheduler_is_away_nothing_starts_and_nothing_goes() {
    let bench = Bench::start_alone(Options::default());
    bench.link.wish(3);
    bench.stays_at(0, seconds(10)).await;
    bench.link.up();
    bench.link.wish(3);
    bench.until_units(3).await;
    bench.link.down();
    bench.link.wish(0);
    bench.stays_at(3, seconds(60)).await;
    let dead = bench.provider.units()[0].clone();
    bench.provider.kill(&dead, ExitCause::Code(0));
    bench.stays_at(2, seconds(60)).await;
    // Back, it has to say anew what it wants.
    bench.link.up();
    bench.stays_at(2, seconds(10)).await;
    bench.link.wish(3);
    bench.until_units(3).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn idle_units_go_first_and_busy_ones_hand_back() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(4);
    bench.until_units(4).await;
    let units = bench.provider.units();
    bench.tell_load(live, &[units[0].clone(), units[1].clone()]);
    bench.link.wish(2);
    bench.until_units(2).await;
    assert_eq!(bench.provider.units(), units[..2], "the busy ones stay");
    bench.link.wish(1);
    // A busy one finishes what runs.
    bench.stays_at(2, seconds(200)).await;
    let asked: Vec<UnitId> = handed_back(&bench.provider);
    assert_eq!(asked.len(), 1, "one is asked, once: {asked:?}");
    bench.provider.set_busy(&asked[0], false);
    bench.until_units(1).await;
    assert!(!bench.provider.units().contains(&asked[0]));
    assert!(bench.provider.stops().iter().all(|(_, _, how)| *how != Stop::Now), "nobody was ended");
    bench.stop().await.unwrap();
}

fn handed_back(provider: &MemoryProvider) -> Vec<UnitId> {
    let hand_back = |(_, unit, how)| matches!(how, Stop::HandBack(_)).then_some(unit);
    provider.stops().into_iter().filter_map(hand_back).collect()
}

#[tokio::test(start_paused = true)]
async fn a_busy_unit_is_ended_when_its_drain_time_is_over() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    let units = bench.provider.units();
    bench.tell_load(live, &units);
    bench.link.wish(0);
    bench.stays_at(1, seconds(299)).await;
    bench.until_units(0).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_spares_work_knows_no_cooldown_and_no_deadline() {
    let bench = Bench::start(Options { cooldown: seconds(30), ..Options::default() });
    let live = bench.now();
    bench.link.wish(3);
    bench.until_units(3).await;
    let units = bench.provider.units();
    bench.tell_load(live, &units[..1]);
    bench.link.spare(0);
    bench.until_units(1).await;
    assert!(bench.now().since(live) < seconds(10), "the idle ones go at once");
    bench.stays_at(1, seconds(24 * 3_600)).await;
    bench.provider.set_busy(&units[0], false);
    bench.until_units(0).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_rises_takes_drains_back_before_anything_starts() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(2);
    bench.until_units(2).await;
    let units = bench.provider.units();
    bench.tell_load(live, &units);
    bench.link.wish(0);
    bench.stays_at(2, seconds(5)).await;
    let launches = bench.provider.launches().len();
    bench.link.wish(2);
    bench.stays_at(2, seconds(60)).await;
    assert_eq!(bench.provider.launches().len(), launches, "nothing was started");
    assert_eq!(bench.provider.units(), units);
    for unit in &units {
        bench.provider.set_busy(unit, false);
    }
    bench.stays_at(2, seconds(400)).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_unit_has_the_last_word_where_nobody_knows() {
    let bench = Bench::start(Options::default());
    bench.link.wish(3);
    bench.until_units(3).await;
    let units = bench.provider.units();
    // Without a load: the oldest is asked first, says that it is busy, and the next one goes.
    bench.provider.set_busy(&units[0], true);
    bench.link.wish(2);
    bench.until_units(2).await;
    assert_eq!(bench.provider.units(), [units[0].clone(), units[2].clone()]);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_cannot_answer_stands_still_for_a_second_look() {
    let unsupported = [Way::IfIdle, Way::HandBack].into();
    let memory = MemorySettings { unsupported, ..MemorySettings::default() };
    let bench = Bench::start(Options { memory, ..Options::default() });
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    bench.tell_load(live, &[]);
    bench.link.wish(0);
    // It looked idle before it stood still, which proves nothing.
    bench.stays_at(1, seconds(2)).await;
    bench.tell_load(live, &[]);
    bench.until_units(0).await;
    let ways: Vec<Way> = bench.provider.stops().into_iter().map(|(_, _, how)| how.into()).collect();
    assert_eq!(ways, [Way::IfIdle, Way::Hold, Way::Now]);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wish_for_once_replaces_nothing_and_ends_with_its_units() {
    let bench = Bench::start(Options::default());
    bench.link.once(3);
    bench.until_units(3).await;
    let units = bench.provider.units();
    bench.provider.kill(&units[0], ExitCause::Signal(9));
    bench.stays_at(2, seconds(60)).await;
    for unit in &units[1..] {
        bench.provider.kill(unit, ExitCause::Code(0));
    }
    let summary = bench.end().await.unwrap();
    assert_eq!((summary.started, summary.ended), (3, 3));
}
