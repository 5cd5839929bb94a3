//! The end of a manager.

use scaler_wm_conformance::{MemoryProvider, Way};
use scaler_wm_core::{ExitCause, Stop};

use crate::bench::{Bench, Options, seconds};

#[tokio::test(start_paused = true)]
async fn idle_units_leave_at_once_and_busy_ones_get_their_time() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(3);
    bench.until_units(3).await;
    let busy = bench.provider.units()[0].clone();
    bench.tell_load(live, std::slice::from_ref(&busy));
    tokio::time::sleep(seconds(1)).await;
    let (provider, began) = (bench.provider.clone(), bench.now());
    let clock = scaler_wm_core::Clock::starting_at(began);
    let summary = bench.stop().await.unwrap();
    let took = clock.now().since(began);
    assert!((seconds(10)..seconds(12)).contains(&took), "{took:?}");
    assert_eq!((summary.started, summary.ended, summary.left_behind.len()), (3, 3, 0));
    let ended: Vec<_> = provider.stops().into_iter().filter(|(_, _, how)| *how == Stop::Now).collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(ended[0].1, busy);
    let handed_back = provider.stops().into_iter().filter(|(_, _, how)| Way::from(*how) == Way::HandBack).count();
    assert_eq!(handed_back, 3);
}

#[tokio::test(start_paused = true)]
async fn a_busy_unit_that_finishes_in_time_is_not_cut_off() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    let busy = bench.provider.units()[0].clone();
    bench.tell_load(live, std::slice::from_ref(&busy));
    tokio::time::sleep(seconds(1)).await;
    let provider = bench.provider.clone();
    tokio::spawn(async move {
        tokio::time::sleep(seconds(4)).await;
        provider.set_busy(&busy, false);
    });
    let summary = bench.stop().await.unwrap();
    assert_eq!((summary.ended, summary.cut_off), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_ends_the_manager_and_its_units() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.link.close();
    let provider = bench.provider.clone();
    let summary = bench.end().await.unwrap();
    assert!(summary.reason.contains("closed the link"), "{}", summary.reason);
    assert!(provider.units().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_is_not_asked_again_while_units_finish() {
    let bench = Bench::start(Options::default());
    bench.link.wish(1);
    bench.until_units(1).await;
    let busy = bench.provider.units()[0].clone();
    bench.provider.set_busy(&busy, true);
    bench.link.close();
    // Were it asked again and again, paused time would never move, and this never end.
    let summary = bench.end().await.unwrap();
    assert_eq!(summary.ended, 1);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_dies_at_the_end_is_reported_too() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    let unit = bench.provider.units()[0].clone();
    bench.tell_load(live, std::slice::from_ref(&unit));
    let (provider, link) = (bench.provider.clone(), bench.link.clone());
    let victim = unit.clone();
    tokio::spawn(async move {
        tokio::time::sleep(seconds(3)).await;
        provider.kill(&victim, ExitCause::Signal(9));
    });
    bench.stop().await.unwrap();
    assert_eq!(link.gone(), [MemoryProvider::worker_of(&unit)]);
}
