//! Taking work back from loaded units, in a simulated world: workers with queues, and a scheduler that gives a task to the
//! worker with the fewest and takes none back.
#![expect(clippy::cast_possible_truncation, reason = "counts of a small world")]

use std::{collections::VecDeque, num::NonZeroU32, time::Duration};

use proptest::prelude::*;
use scaler_wm_core::{
    Cooldown, Limit, Stop, Tier, Timestamp, UnitId,
    plan::{Abilities, Action, Drain, Limits, Phase, Rebalance, Situation, TierView, UnitView, Work, plan},
};

const BEGIN: Timestamp = Timestamp::from_millis(1_000_000_000);
const STEP: Duration = Duration::from_millis(20);
/// From the launch of a unit until it is at the scheduler.
const STARTS_IN: Duration = Duration::from_millis(100);

struct Worker {
    view: UnitView,
    up_at: Timestamp,
    /// When the running task ends.
    running: Option<Timestamp>,
    queue: VecDeque<Duration>,
}

struct World {
    workers: Vec<Worker>,
    waiting: VecDeque<Duration>,
    now: Timestamp,
    limit: u32,
    desired: u32,
    rebalance: Rebalance,
    cooldown: Cooldown,
    named: u32,
    relieved: u32,
    /// Hand-backs with nothing to give back.
    in_vain: u32,
    spares: u32,
    taken_back: u32,
    most: usize,
    is_on: bool,
    /// Whether nothing is wanted, whatever there is to do.
    is_unwanted: bool,
}

impl World {
    fn new(limit: u32, is_on: bool) -> Self {
        Self {
            workers: Vec::new(),
            waiting: VecDeque::new(),
            now: BEGIN,
            limit,
            desired: 1,
            rebalance: Rebalance::default(),
            cooldown: Cooldown::default(),
            named: 0,
            relieved: 0,
            in_vain: 0,
            spares: 0,
            taken_back: 0,
            most: 0,
            is_on,
            is_unwanted: false,
        }
    }

    fn launch(&mut self) {
        self.named += 1;
        self.workers.push(Worker {
            view: UnitView {
                id: UnitId::from(format!("unit-{}", self.named)),
                phase: Phase::Alive,
                is_taken_soon: false,
                since: self.now,
                work: Work::NotConnected { since: self.now },
                drain: Drain::No,
                asking: None,
                ask_after: self.now,
                refused: None,
                can: Abilities::default(),
            },
            up_at: self.now + STARTS_IN,
            running: None,
            queue: VecDeque::new(),
        });
        self.most = self.most.max(self.workers.len());
    }

    fn step(&mut self) {
        self.now = self.now + STEP;
        let now = self.now;
        for worker in &mut self.workers {
            if worker.running.is_some_and(|ends| ends <= now) {
                worker.running = None;
            }
            let hands_back = matches!(worker.view.drain, Drain::HandingBack { .. });
            if worker.running.is_none() && !hands_back {
                worker.running = worker.queue.pop_front().map(|task| now + task);
            }
        }
        // Who has handed back leaves, and its queue waits again.
        let waiting = &mut self.waiting;
        self.workers.retain_mut(|worker| {
            let leaves = matches!(worker.view.drain, Drain::HandingBack { .. }) && worker.running.is_none()
                || matches!(worker.view.drain, Drain::Ending { .. });
            if leaves {
                waiting.append(&mut worker.queue);
            }
            !leaves
        });
        while !self.waiting.is_empty() {
            let up = self.workers.iter_mut().filter(|worker| worker.up_at <= now && worker.view.is_active());
            let Some(least) = up.min_by_key(|worker| worker.queue.len() + usize::from(worker.running.is_some())) else {
                break;
            };
            least.queue.extend(self.waiting.pop_front());
        }
        // A policy that wants one more than is connected.
        let connected = self.workers.iter().filter(|worker| worker.up_at <= now).count() as u32;
        self.desired = if self.is_unwanted { 0 } else { self.limit.min(connected + 1) };
        for worker in &mut self.workers {
            let tasks = worker.queue.len() as u32 + u32::from(worker.running.is_some());
            worker.view.work = match tasks {
                _ if worker.up_at > now => Work::NotConnected { since: worker.view.since },
                0 => Work::Idle { as_of: now },
                tasks => Work::Busy { tasks, queued: worker.queue.len() as u32 },
            };
        }
        self.plan();
    }

    fn plan(&mut self) {
        let views: Vec<UnitView> = self.workers.iter().map(|worker| worker.view.clone()).collect();
        let made = plan(&Situation {
            now: self.now,
            desired: Some(self.desired),
            units: &views,
            open: 0,
            limits: &Limits {
                max_units: Limit::AtMost(self.limit),
                largest_batch: NonZeroU32::MIN,
                most_on_order: NonZeroU32::MAX,
                cooldown: Duration::from_secs(30),
                drain_timeout: Duration::from_secs(300),
                ready_within: Duration::from_secs(60),
                relieves: self.is_on,
                ends_by_itself: false,
            },
            tiers: &[TierView { tier: Tier::default(), available_from: BEGIN }],
            cooldown: self.cooldown,
            rebalance: &self.rebalance,
            not_before: BEGIN,
        });
        (self.cooldown, self.rebalance) = (made.cooldown, made.rebalance);
        for action in made.actions {
            match action {
                Action::Launch { count, .. } => (0..count.get()).for_each(|_| self.launch()),
                Action::LaunchSpare { .. } => {
                    self.spares += 1;
                    self.launch();
                }
                Action::Ask { unit, how, .. } => self.ask(&unit, how),
                other => panic!("{other:?}"),
            }
        }
    }

    fn ask(&mut self, unit: &UnitId, how: Stop) {
        let now = self.now;
        let worker = self.workers.iter_mut().find(|worker| worker.view.id == *unit).expect("a unit that is there");
        match how {
            Stop::Relieve if worker.queue.is_empty() => {
                self.in_vain += 1;
                worker.view.ask_after = now + Duration::from_secs(1);
            }
            Stop::Relieve => {
                self.relieved += 1;
                worker.view.drain = Drain::HandingBack { until: now + Duration::from_secs(1_000_000) };
            }
            Stop::HandBack(within) => worker.view.drain = Drain::HandingBack { until: now + within },
            Stop::IfIdle if worker.running.is_some() || !worker.queue.is_empty() => worker.view.refused = Some(now),
            Stop::IfIdle => worker.view.drain = Drain::Ending { since: now },
            Stop::Resume => {
                self.taken_back += 1;
                worker.view.drain = Drain::No;
            }
            other => panic!("{unit}: {other:?}"),
        }
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.workers.iter().all(|worker| worker.running.is_none() && worker.queue.is_empty())
    }

    /// Works until nothing is left to do; the seconds that took.
    fn work_off(&mut self) -> f64 {
        let began = self.now;
        while !self.is_idle() {
            self.step();
            assert!(self.now.since(began) < Duration::from_secs(3600), "it never ends");
        }
        self.now.since(began).as_secs_f64()
    }
}

fn cold(limit: u32, is_on: bool, tasks: &[Duration]) -> (World, f64) {
    let mut world = World::new(limit, is_on);
    world.waiting.extend(tasks);
    world.launch();
    let seconds = world.work_off();
    (world, seconds)
}

#[test]
fn a_cold_start_spreads_over_all_units() {
    for (count, millis, longest) in [(80, 200, 0.4), (40, 1000, 0.4), (400, 50, 0.5), (1000, 20, 0.5)] {
        let tasks = vec![Duration::from_millis(millis); count];
        let (_, without) = cold(4, false, &tasks);
        let (world, with) = cold(4, true, &tasks);
        assert!(with < without * longest, "{count} tasks of {millis} ms: {with} s, without {without} s");
        assert!(world.relieved >= 1 && world.most <= 5, "{} relieved, {} units", world.relieved, world.most);
    }
}

#[test]
fn units_that_are_evenly_loaded_are_left_alone() {
    let mut world = World::new(4, true);
    (0..4).for_each(|_| world.launch());
    for _ in 0..10 {
        world.step();
    }
    world.waiting.extend(vec![Duration::from_millis(100); 400]);
    world.work_off();
    assert_eq!((world.relieved, world.spares), (0, 0));
}

/// Work that comes while a unit hands back, and keeps everybody busy: its queue would only wait elsewhere.
#[test]
fn a_hand_back_is_taken_back_when_nobody_is_idle_any_more() {
    let mut world = World::new(4, true);
    world.waiting.extend(vec![Duration::from_secs(5); 20]);
    world.launch();
    while world.relieved == 0 {
        world.step();
    }
    world.waiting.extend(vec![Duration::from_secs(5); 8]);
    for _ in 0..10 {
        world.step();
    }
    assert_eq!((world.relieved, world.taken_back), (1, 1));
    assert!(world.workers.iter().all(|worker| worker.view.drain == Drain::No));
    world.work_off();
    assert!(world.most <= 5, "{} units", world.most);
}

/// The spare is beyond what is wanted by our own doing; that saves no busy unit once less is wanted.
#[test]
fn no_unit_stays_for_the_spares_sake_when_nothing_is_wanted() {
    let mut world = World::new(4, true);
    world.waiting.extend(vec![Duration::from_secs(5); 20]);
    world.launch();
    while world.relieved == 0 {
        world.step();
    }
    // Nobody is idle from here on, so the spare waits to be dropped.
    world.waiting.extend(vec![Duration::from_secs(60); 200]);
    for _ in 0..10 {
        world.step();
    }
    world.is_unwanted = true;
    // The cooldown, and the longest task.
    for _ in 0..5_000 {
        world.step();
    }
    assert_eq!(world.workers.len(), 0);
}

/// The scheduler may balance by itself: what it has taken is not to be handed back.
#[test]
fn a_hand_back_is_taken_back_when_nothing_waits_any_more() {
    let mut world = World::new(4, true);
    world.waiting.extend(vec![Duration::from_secs(5); 3]);
    world.launch();
    while world.relieved == 0 {
        world.step();
    }
    world.workers.iter_mut().for_each(|worker| worker.queue.clear());
    world.step();
    assert_eq!((world.relieved, world.taken_back), (1, 1));
}

/// A task that waits alone begins when the one before it ends: no hand-back can be quicker.
#[test]
fn a_task_that_waits_alone_is_left_where_it_is() {
    let (world, _) = cold(4, true, &[Duration::from_secs(8); 2]);
    assert_eq!((world.relieved, world.spares), (0, 0));
}

#[test]
fn the_spare_goes_when_nothing_is_left_to_spread() {
    let (mut world, _) = cold(4, true, &[Duration::from_millis(200); 30]);
    for _ in 0..1500 {
        world.step();
    }
    assert_eq!(world.workers.len(), 4);
    assert_eq!(world.desired, 4);
}

proptest! {
    #[test]
    fn never_more_than_one_spare_and_no_hand_back_in_vain(
        limit in 1_u32..8,
        tasks in prop::collection::vec(1_u64..3000, 0..120),
    ) {
        let tasks: Vec<Duration> = tasks.into_iter().map(Duration::from_millis).collect();
        let (_, without) = cold(limit, false, &tasks);
        let (world, with) = cold(limit, true, &tasks);
        prop_assert!(world.most <= limit as usize + 1, "{} units, the limit is {limit}", world.most);
        prop_assert_eq!(world.in_vain, 0);
        // Each costs a start; a start is short, and so is what is lost by it.
        prop_assert!(with <= without + 0.5 + 0.2 * f64::from(world.relieved), "{with} s, without {without} s");
        prop_assert!(limit > 1 || world.relieved == 0);
    }
}
