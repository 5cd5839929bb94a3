//! What an operator tells a manager, and what it tells an operator.

use std::time::Duration;

use scaler_wm_conformance::NextLaunch;
use scaler_wm_core::{
    ErrorKind, UnitId,
    control::{Bounds, Command, Happening, Refusal, explain},
};
use tokio::time::sleep;

use crate::bench::{Bench, Options, seconds};

fn at_least(minimum: u32) -> Bounds {
    Bounds { minimum: Some(minimum), ..Bounds::default() }
}

fn pinned(units: u32) -> Bounds {
    Bounds { pinned: Some(units), ..Bounds::default() }
}

impl Bench {
    async fn ask(&self, command: Command) -> Result<(), Refusal> {
        self.control.ask(command).await
    }

    fn first_unit(&self) -> UnitId {
        self.provider.units()[0].clone()
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.control.events().latest(usize::MAX).iter().map(|event| event.what.kind()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_hold_whatever_is_wanted_until_their_time_is_over() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    let until = bench.now() + seconds(60);
    bench.ask(Command::SetBounds(Some(Bounds { until: Some(until), ..at_least(4) }))).await.unwrap();
    bench.until_units(4).await;
    bench.link.wish(0);
    sleep(seconds(50)).await;
    assert_eq!(bench.provider.units().len(), 4);
    assert_eq!(bench.control.status().desired, Some(4));
    bench.until_units(0).await;
    assert!(bench.now() >= until);
    assert_eq!(bench.control.status().bounds, None);

    bench.link.wish(6);
    bench.until_units(6).await;
    bench.ask(Command::SetBounds(Some(pinned(1)))).await.unwrap();
    bench.until_units(1).await;
    bench.ask(Command::SetBounds(None)).await.unwrap();
    bench.until_units(6).await;
    bench.ask(Command::SetBounds(Some(Bounds { maximum: Some(3), ..Bounds::default() }))).await.unwrap();
    bench.until_units(3).await;
    assert_eq!(bench.control.status().wanted, Some(6));
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn bounds_that_make_no_sense_are_refused_with_the_reason() {
    let bench = Bench::start(Options::default());
    bench.link.wish(1);
    bench.until_units(1).await;
    let refused = |bounds: Bounds| bench.ask(Command::SetBounds(Some(bounds)));
    let reason = |refusal: Result<(), Refusal>| refusal.unwrap_err().to_string();
    assert!(reason(refused(Bounds::default()).await).starts_with("give a minimum"));
    assert!(reason(refused(at_least(9)).await).contains("more than this manager may have, 8"));
    assert!(reason(refused(Bounds { maximum: Some(1), ..at_least(2) }).await).contains("is more than the maximum, 1"));
    assert!(reason(refused(Bounds { minimum: Some(1), ..pinned(1) }).await).contains("leaves no room"));
    assert!(reason(refused(Bounds { until: Some(bench.now()), ..pinned(1) }).await).contains("over already"));
    assert_eq!(bench.control.status().bounds, None);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drained_manager_lets_its_units_go_and_comes_back() {
    let bench = Bench::start(Options { cooldown: seconds(3600), ..Options::default() });
    bench.link.wish(3);
    bench.until_units(3).await;
    bench.ask(Command::Drain).await.unwrap();
    assert!(matches!(bench.ask(Command::Drain).await, Err(Refusal::NotNow(_))));
    bench.until_units(0).await;
    bench.stays_at(0, seconds(60)).await;
    let words = explain(&bench.control.status(), bench.now());
    assert!(words.not_more.iter().any(|line| line.contains("`undrain`")), "{words:?}");
    bench.ask(Command::Undrain).await.unwrap();
    bench.until_units(3).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drained_unit_is_replaced_and_one_that_is_busy_can_be_kept_after_all() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    let live = bench.now();
    let unit = bench.first_unit();
    bench.tell_load(live, std::slice::from_ref(&unit));
    sleep(seconds(1)).await;

    bench.ask(Command::DrainUnit(unit.clone())).await.unwrap();
    bench.until_units(3).await;
    bench.ask(Command::UndrainUnit(unit.clone())).await.unwrap();
    sleep(seconds(1)).await;
    bench.tell_load(live, std::slice::from_ref(&unit));
    bench.until_units(2).await;
    assert!(bench.provider.units().contains(&unit), "it is busy, and is kept");
    let refused = bench.ask(Command::UndrainUnit(unit.clone())).await;
    assert!(matches!(refused, Err(Refusal::NotNow(_))), "{refused:?}");

    bench.ask(Command::DrainUnit(unit.clone())).await.unwrap();
    bench.tell_load(live, &[]);
    bench.provider.set_busy(&unit, false);
    for _ in 0..600 {
        sleep(seconds(1)).await;
        if !bench.provider.units().contains(&unit) {
            break;
        }
    }
    assert!(!bench.provider.units().contains(&unit));
    bench.until_units(2).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stopped_unit_goes_at_once_and_another_takes_its_place_without_a_wait() {
    let bench = Bench::start(Options::default());
    bench.link.wish(1);
    bench.until_units(1).await;
    let unit = bench.first_unit();
    bench.ask(Command::StopUnit(unit.clone())).await.unwrap();
    sleep(seconds(5)).await;
    assert!(!bench.provider.units().contains(&unit));
    assert_eq!(bench.provider.units().len(), 1);
    assert_eq!(bench.control.figures().units_died, 0, "it was asked to");
    let nobody = UnitId::from("nobody");
    for command in [Command::StopUnit, Command::DrainUnit, Command::UndrainUnit] {
        assert_eq!(bench.ask(command(nobody.clone())).await, Err(Refusal::NoSuchUnit(nobody.clone())));
    }
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_it_as_asked() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.ask(Command::Shutdown).await.unwrap();
    let control = bench.control.clone();
    let summary = bench.end().await.unwrap();
    assert!(summary.was_asked);
    assert_eq!((summary.ended, summary.left_behind.len()), (2, 0));
    assert_eq!(control.ask(Command::Drain).await, Err(Refusal::Gone));
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_in_order_with_its_cause() {
    let bench = Bench::start(Options::default());
    bench.provider.script([NextLaunch::Fails(ErrorKind::Failed)]);
    bench.link.wish(1);
    bench.until_units(1).await;
    let unit = bench.first_unit();
    bench.tell_load(bench.now(), &[]);
    sleep(seconds(1)).await;
    bench.link.wish(0);
    bench.until_units(0).await;
    assert_eq!(
        bench.kinds(),
        [
            "link_up",
            "target",
            "launch_started",
            "call_failed",
            "launch_started",
            "unit_started",
            "unit_ready",
            "target",
            "unit_asked",
            "unit_gone"
        ]
    );
    let events = bench.control.events().latest(usize::MAX);
    assert!(events.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    let gone = events.last().unwrap();
    assert!(matches!(&gone.what, Happening::UnitGone { asked: true, .. }), "{gone:?}");
    assert_eq!(gone.what.unit(), Some(&unit));

    let decisions = bench.control.decisions();
    let last = decisions.last().unwrap();
    assert_eq!(last.cause, "the scheduler wants a task concurrency of 0, which is 0 units");
    assert_eq!(last.effects, ["ask 1 unit to leave if idle: more than wanted, idle"]);
    let figures = bench.control.figures();
    assert_eq!((figures.launches, figures.units_started, figures.units_ended, figures.units_died), (2, 1, 1, 0));
    assert_eq!(figures.failures[&("launch", ErrorKind::Failed)], 1);
    assert!(figures.rounds.count() > 0);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_the_scheduler_is_away_bounds_start_nothing() {
    let bench = Bench::start_alone(Options::default());
    sleep(Duration::from_millis(100)).await;
    bench.ask(Command::SetBounds(Some(at_least(2)))).await.unwrap();
    bench.stays_at(0, seconds(30)).await;
    bench.link.up();
    bench.link.wish(0);
    bench.until_units(2).await;
    bench.stop().await.unwrap();
}
