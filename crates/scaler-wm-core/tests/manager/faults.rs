//! What goes wrong out there.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use scaler_wm_conformance::{CallKind, MemoryProvider, MemorySettings, NextLaunch, Way};
use scaler_wm_core::{ErrorKind, ExitCause, Stop, Tier, Token};

use crate::bench::{Bench, Options, seconds};

#[tokio::test(start_paused = true)]
async fn a_failed_launch_is_tried_again_with_the_wish_unchanged_and_backs_off() {
    let bench = Bench::start(Options::default());
    bench.provider.launches_otherwise(NextLaunch::Fails(ErrorKind::Failed));
    bench.link.wish(2);
    bench.stays_at(0, seconds(120)).await;
    let tries = bench.provider.launches().len();
    assert!((5..=12).contains(&tries), "{tries} tries in two minutes");
    bench.provider.launches_otherwise(NextLaunch::Works);
    bench.until_units(2).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_tier_without_capacity_is_left_for_the_next_one_and_tried_again_later() {
    let tiers = [Tier::from("cheap"), Tier::from("dear")];
    let mut memory = MemorySettings::default();
    memory.info.tiers = tiers.to_vec();
    let bench = Bench::start(Options { memory, ..Options::default() });
    bench.provider.set_empty(&tiers[0], true);
    bench.link.wish(1);
    bench.until_units(1).await;
    let tier_of = |launch: usize| bench.provider.launches()[launch].1.tier.clone();
    assert_eq!((tier_of(0), tier_of(1)), (tiers[0].clone(), tiers[1].clone()));
    bench.link.wish(2);
    bench.until_units(2).await;
    assert_eq!(tier_of(2), tiers[1], "no use in asking the empty one so soon");
    bench.provider.set_empty(&tiers[0], false);
    tokio::time::sleep(seconds(181)).await;
    bench.link.wish(3);
    bench.until_units(3).await;
    assert_eq!(tier_of(3), tiers[0]);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_no_retry_can_help_ends_the_manager() {
    for kind in [ErrorKind::Denied, ErrorKind::Invalid] {
        let bench = Bench::start(Options::default());
        bench.provider.script([NextLaunch::Fails(kind)]);
        bench.link.wish(1);
        let error = bench.end().await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_allowed_before_is_tried_again_and_its_units_stay() {
    for kind in [ErrorKind::Denied, ErrorKind::Invalid, ErrorKind::Expired] {
        let bench = Bench::start(Options::default());
        bench.link.wish(1);
        bench.until_units(1).await;
        bench.provider.launches_otherwise(NextLaunch::Fails(kind));
        bench.link.wish(2);
        bench.stays_at(1, seconds(120)).await;
        bench.provider.launches_otherwise(NextLaunch::Works);
        bench.until_units(2).await;
        bench.stop().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn units_that_end_by_themselves_are_not_waited_for() {
    for ends_by_itself in [true, false] {
        let mut options = Options::default();
        options.memory.info.ends_by_itself = ends_by_itself;
        options.memory.stop_takes = seconds(600);
        let bench = Bench::start(options);
        bench.link.wish(2);
        bench.until_units(2).await;
        let began = tokio::time::Instant::now();
        // Those of the other kind are still there at the deadline, and told of although the sweep fails.
        let summary = bench.stop().await.unwrap();
        assert_eq!(summary.left_behind.is_empty(), ends_by_itself);
        assert_eq!(began.elapsed() < seconds(1), ends_by_itself, "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_asked_for_again_by_the_same_token() {
    let bench = Bench::start(Options::default());
    bench.provider.script([NextLaunch::LosesReply, NextLaunch::LosesReply, NextLaunch::Works]);
    bench.link.wish(3);
    bench.until_units(3).await;
    bench.stays_at(3, seconds(60)).await;
    let tokens: Vec<Token> = bench.provider.launches().into_iter().map(|(_, launch)| launch.token).collect();
    assert_eq!(tokens.len(), 3);
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 1, "{tokens:?}");
    bench.link.wish(0);
    bench.until_units(0).await;
    assert!(bench.is_forgotten().await);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_launch_is_not_repeated_once_its_token_may_be_forgotten() {
    let mut memory = MemorySettings::default();
    memory.info.repeatable_for = seconds(60);
    let bench = Bench::start(Options { memory, ..Options::default() });
    bench.provider.launches_otherwise(NextLaunch::Fails(ErrorKind::Transient));
    bench.link.wish(2);
    bench.stays_at(0, seconds(300)).await;
    let (mut first, mut last) = (HashMap::new(), Vec::new());
    for (at, launch) in bench.provider.launches() {
        first.entry(launch.token).or_insert(launch.at);
        last.push(at.since(launch.at));
    }
    assert!(last.iter().all(|age| *age <= seconds(60)), "{last:?}");
    // Others take its place, ever more seldom.
    assert!((2..=6).contains(&first.len()), "{first:?}");
    bench.provider.launches_otherwise(NextLaunch::Works);
    bench.until_units(2).await;
    bench.stays_at(2, seconds(120)).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_a_failure_settles_nothing() {
    for kind in [ErrorKind::Throttled, ErrorKind::Failed] {
        let mut memory = MemorySettings { lag: seconds(3), ..MemorySettings::default() };
        memory.info.list_lag = seconds(4);
        let bench = Bench::start(Options { memory, limit: 1, ..Options::default() });
        bench.provider.script([NextLaunch::LosesReply, NextLaunch::Fails(kind)]);
        bench.link.wish(1);
        tokio::time::sleep(seconds(30)).await;
        let tokens: HashSet<Token> = bench.provider.launches().into_iter().map(|(_, launch)| launch.token).collect();
        assert_eq!((bench.provider.peak(), tokens.len()), (1, 1), "units at once, tokens");
        bench.stop().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_makes_no_unit_older() {
    let mut memory = MemorySettings { lag: seconds(2), ..MemorySettings::default() };
    memory.info.list_lag = Duration::from_millis(2500);
    let bench = Bench::start(Options { memory, limit: 2, ..Options::default() });
    bench.provider.delay_calls(CallKind::Observe, seconds(3));
    tokio::time::sleep(Duration::from_millis(2500)).await;
    bench.link.wish(2);
    tokio::time::sleep(seconds(60)).await;
    assert_eq!((bench.provider.peak(), bench.provider.launches().len()), (2, 1), "units at once, launches");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_question_is_not_asked_again_at_once() {
    let unsupported = [Way::IfIdle, Way::Resume].into();
    let memory = MemorySettings { unsupported, ..MemorySettings::default() };
    let bench = Bench::start(Options { memory, ..Options::default() });
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    let unit = bench.provider.units()[0].clone();
    bench.tell_load(live, &[]);
    bench.link.wish(0);
    tokio::time::sleep(Duration::from_millis(10)).await;
    // It stands still, turns out to be busy, and cannot go on.
    bench.tell_load(live, std::slice::from_ref(&unit));
    // Rounds of the runtime, not time: a loop that spins would keep paused time from moving.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let resumes = bench.provider.stops().iter().filter(|(_, _, how)| *how == Stop::Resume).count();
    assert!((1..=3).contains(&resumes), "asked {resumes} times at one instant");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_a_killed_process_left_open_is_settled_by_the_next_one() {
    let bench = Bench::start(Options::default());
    bench.provider.delay_calls(CallKind::Launch, seconds(30));
    bench.link.wish(3);
    bench.until_units(3).await;
    // The units exist, and nobody has been told.
    let bench = bench.killed_and_restarted().await;
    bench.provider.delay_calls(CallKind::Launch, Duration::ZERO);
    bench.link.up();
    bench.link.wish(3);
    bench.stays_at(3, seconds(60)).await;
    let launches = bench.provider.launches();
    assert!(launches.iter().all(|(_, launch)| *launch == launches[0].1), "repeated whole: {launches:?}");
    bench.link.wish(0);
    bench.until_units(0).await;
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_of_a_launch_is_launched_again() {
    let bench = Bench::start(Options::default());
    bench.provider.script([NextLaunch::Partial(1, ErrorKind::Failed)]);
    bench.link.wish(4);
    bench.until_units(4).await;
    assert_eq!(bench.provider.launches().len(), 2);
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn units_that_follow_a_receipt_are_waited_for() {
    let bench = Bench::start(Options::default());
    bench.provider.script([NextLaunch::Follows(2, seconds(20)), NextLaunch::Works]);
    bench.link.wish(3);
    bench.stays_at(0, seconds(19)).await;
    bench.until_units(3).await;
    assert_eq!(bench.provider.launches().len(), 2, "one of three never came, and was launched anew");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_lags_is_no_death() {
    let mut memory = MemorySettings { lag: seconds(8), ..MemorySettings::default() };
    memory.info.list_lag = seconds(10);
    let bench = Bench::start(Options { memory, ..Options::default() });
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.stays_at(2, seconds(60)).await;
    assert_eq!(bench.provider.launches().len(), 1);
    let vanished = bench.provider.units()[0].clone();
    bench.provider.vanish(&vanished);
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(bench.provider.launches().len(), 2, "missing for longer than listings lag, it is replaced");
    assert_eq!(bench.link.gone(), [], "whether it is dead, nobody knows");
}

#[tokio::test(start_paused = true)]
async fn after_an_end_for_lack_of_memory_the_next_start_waits() {
    let bench = Bench::start(Options::default());
    bench.link.wish(1);
    bench.until_units(1).await;
    let died = bench.now();
    bench.provider.kill(&bench.provider.units()[0], ExitCause::OutOfMemory);
    bench.until_units(1).await;
    let next = bench.provider.launches().last().map(|(at, _)| at.since(died)).unwrap();
    assert!(next >= Duration::from_millis(300), "{next:?}");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_unit_is_replaced_at_once_and_reported() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    tokio::time::sleep(seconds(20)).await;
    let (dead, lost) = (bench.provider.units()[0].clone(), bench.provider.units()[1].clone());
    let began = bench.now();
    bench.provider.kill(&dead, ExitCause::Signal(9));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bench.provider.units().len(), 2, "replaced at once");
    assert_eq!(bench.link.gone(), [MemoryProvider::worker_of(&dead)]);
    assert!(bench.link.nudges() > 0 && bench.now().since(began) < seconds(1));
    bench.provider.lose(&lost);
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(bench.link.gone().len(), 1, "one that may still live is not reported");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn units_that_keep_dying_are_replaced_ever_more_slowly() {
    let bench = Bench::start(Options::default());
    bench.link.wish(1);
    for _ in 0..600 {
        for unit in bench.provider.units() {
            bench.provider.kill(&unit, ExitCause::Code(1));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let launches = bench.provider.launches().len();
    assert!((5..=12).contains(&launches), "{launches} launches in two minutes");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_never_reaches_the_scheduler_is_replaced() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    bench.link.load(scaler_wm_conformance::load_of(Some(live), bench.now(), []));
    let first = bench.provider.units()[0].clone();
    bench.stays_at(1, seconds(29)).await;
    assert_eq!(bench.provider.units()[0], first);
    tokio::time::sleep(seconds(3)).await;
    assert_ne!(bench.provider.units(), [first], "another one is there");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_unit_whose_workers_have_all_left_is_replaced_after_as_long_as_they_may_take_to_come() {
    let bench = Bench::start(Options::default());
    let live = bench.now();
    bench.link.wish(1);
    bench.until_units(1).await;
    let first = bench.provider.units()[0].clone();
    let worker = MemoryProvider::worker_of(&first);
    let say = |workers: Vec<_>| bench.link.load(scaler_wm_conformance::load_of(Some(live), bench.now(), workers));
    say(vec![(worker.clone(), 0)]);
    bench.stays_at(1, seconds(100)).await;
    say(Vec::new());
    bench.stays_at(1, seconds(29)).await;
    // They are back for a moment, and it counts afresh.
    say(vec![(worker, 0)]);
    bench.stays_at(1, seconds(5)).await;
    say(Vec::new());
    bench.stays_at(1, seconds(29)).await;
    assert_eq!(bench.provider.units(), std::slice::from_ref(&first), "it still has time");
    tokio::time::sleep(seconds(3)).await;
    assert_ne!(bench.provider.units(), [first], "another one is there");
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn blindness_kills_nobody_and_passes() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.provider.set_blind(true);
    bench.stays_at(2, seconds(60)).await;
    bench.provider.set_blind(false);
    bench.link.wish(1);
    bench.until_units(1).await;
    assert!(bench.provider.stops().iter().all(|(_, _, how)| *how == Stop::IfIdle));
    bench.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_launch_hides_nothing_else() {
    let bench = Bench::start(Options::default());
    bench.link.wish(2);
    bench.until_units(2).await;
    bench.provider.delay_calls(CallKind::Launch, seconds(3600));
    bench.link.wish(3);
    bench.until_units(3).await;
    let dead = bench.provider.units()[0].clone();
    bench.provider.kill(&dead, ExitCause::Signal(9));
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(bench.link.gone(), [MemoryProvider::worker_of(&dead)], "told although a launch is under way");
    bench.link.wish(1);
    bench.until_units(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_never_comes_up_is_replaced_although_nobody_tells_of_loads() {
    let mut options = Options::default();
    options.memory.start_up = seconds(3_600);
    let within = options.memory.info.ready_within;
    let bench = Bench::start(options);
    bench.link.wish(1);
    bench.until_units(1).await;
    let first = bench.provider.units();
    tokio::time::sleep(within - seconds(1)).await;
    assert_eq!(bench.provider.units(), first, "it still has time");
    bench.link.down();
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(bench.provider.units(), first, "nobody goes while the scheduler is away");
    bench.link.up();
    bench.link.wish(1);
    tokio::time::sleep(seconds(2)).await;
    bench.until_units(1).await;
    assert_ne!(bench.provider.units(), first);
}
