//! Processes of the manager, one after the other, and the run of a whole scenario.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use scaler_wm_core::{
    Capabilities, Clock, Limit, Manager, ManagerId, Sizing, Timestamp, Unit, UnitId, UnitState,
    manager::{Settings, Summary},
};
use tokio::{
    sync::{Notify, oneshot, watch},
    time::Instant,
};

use super::{
    Scenario, Tally, Violation,
    journal::ChaosJournal,
    judge::Known,
    link::{ChaosLink, Said, Seen},
    phase::Phase,
    provider::ChaosProvider,
    world::{MANAGER, Shared, World, lock, look},
};

/// The wall clock at the beginning: some time after its own, so that clocks can be behind.
const EPOCH: u64 = 1_000_000_000;
/// A process that ended by itself is started again after this time.
const STARTS_AGAIN_AFTER: u64 = 5_000;
/// How long units may take to finish what runs when the manager ends.
pub(super) const STOP_TIMEOUT: u64 = 10_000;

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was violated first, if anything was.
    pub violation: Option<Violation>,
    /// What happened, counted.
    pub tally: Tally,
    /// What happened, in words, where that was asked for.
    pub log: Vec<String>,
}

/// One process: what it was told, and what it can know.
pub(super) struct Life {
    pub(super) number: u32,
    pub(super) began: u64,
    base: Instant,
    pub(super) clock: Clock,
    wall: Timestamp,
    pub(super) is_there: bool,
    pub(super) killed: Option<super::world::Killed>,
    /// Wakes the driver.
    stirred: Arc<Notify>,
    pub(super) changed: watch::Sender<u64>,
    pub(super) said: VecDeque<Said>,
    /// Wakes the link.
    pub(super) heard: Arc<Notify>,
    pub(super) is_up_said: bool,
    pub(super) wish_said: Option<u32>,
    pub(super) last_load: Option<(u64, BTreeMap<UnitId, Seen>)>,
    pub(super) live_since: u64,
    /// What it has heard.
    pub(super) is_up: bool,
    pub(super) told_wish: Option<u32>,
    pub(super) told_load: BTreeMap<UnitId, Seen>,
    pub(super) known: BTreeMap<UnitId, Known>,
    /// Units that looks ask about, where no list shows others.
    pub(super) remembered: BTreeSet<UnitId>,
    /// Whether a look has shown it what is there.
    pub(super) has_looked: bool,
    /// Since when it is down, as far as it has heard.
    pub(super) down_since: Option<u64>,
    /// Since when it ends, or may end by itself.
    pub(super) may_end: Option<u64>,
    /// Whether it was told of a unit.
    has_unit: bool,
}

impl Life {
    pub(super) fn new(number: u32, began: u64, clock: i64) -> Self {
        let wall = Timestamp::from_millis((EPOCH + began).saturating_add_signed(clock));
        Self {
            number,
            began,
            base: Instant::now(),
            clock: Clock::starting_at(wall),
            wall,
            is_there: false,
            killed: None,
            stirred: Arc::default(),
            changed: watch::channel(0).0,
            said: VecDeque::new(),
            heard: Arc::default(),
            is_up_said: false,
            wish_said: None,
            last_load: None,
            live_since: began,
            is_up: false,
            told_wish: None,
            told_load: BTreeMap::new(),
            known: BTreeMap::new(),
            remembered: BTreeSet::new(),
            has_looked: false,
            down_since: None,
            may_end: None,
            has_unit: false,
        }
    }

    /// Now, in the world's time.
    pub(super) fn now(&self) -> u64 {
        self.began + u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// An instant of the world, as this process's clock has it.
    pub(super) fn stamp(&self, at: u64) -> Timestamp {
        match at.checked_sub(self.began) {
            Some(later) => self.wall + Duration::from_millis(later),
            None => self.wall - Duration::from_millis(self.began - at),
        }
    }

    pub(super) fn stir(&self) {
        self.stirred.notify_one();
    }

    pub(super) fn say(&mut self, said: Said) {
        self.said.push_back(said);
        self.heard.notify_one();
    }

    /// A unit is on record.
    pub(super) fn recalls(&mut self, unit: &UnitId) {
        self.known.entry(unit.clone()).or_default();
    }

    /// Whether it was never told of a unit.
    pub(super) const fn has_no_unit(&self) -> bool {
        !self.has_unit
    }

    /// The manager is told of a unit.
    pub(super) fn hears_of(&mut self, unit: &Unit) {
        match unit.state {
            UnitState::Gone(_) => {
                // It knew of units once it has known of this one.
                if let Some(known) = self.known.get_mut(&unit.id) {
                    known.is_gone = true;
                }
            }
            _ => {
                self.has_unit = true;
                let known = self.known.entry(unit.id.clone()).or_default();
                known.is_shown_leaving = unit.state == UnitState::Stopping;
            }
        }
    }
}

/// Why a process ended.
enum Ended {
    Killed,
    /// By itself, or since it was told to.
    ByItself(Option<String>, Option<scaler_wm_core::Result<Summary>>),
    /// All is over.
    Over,
}

impl Scenario {
    /// Runs it. `keeps_log` says whether somebody wants to read how it went.
    #[must_use]
    pub fn run(&self, keeps_log: bool) -> Run {
        let world: Shared = Arc::new(Mutex::new(World::new(self, keeps_log)));
        let mut phase = Phase::Faults;
        let mut clock = 0;
        loop {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let Ok(runtime) = runtime else { break };
            let ended = runtime.block_on(one_life(self, &world, &mut phase, clock));
            // Whatever the process was waiting for goes with it.
            drop(runtime);
            let mut world = lock(&world);
            let down = match (ended, world.life.killed) {
                (Ended::Killed, Some(killed)) => {
                    clock += killed.clock;
                    killed.down
                }
                (Ended::Over, _) => break,
                (ended, _) => {
                    world.judge_end(ended_how(&ended));
                    world.told_to_end.take().unwrap_or(STARTS_AGAIN_AFTER)
                }
            };
            if world.judge.violation.is_some() {
                break;
            }
            world.end_life();
            let until = world.now + down;
            world.pass_until(until);
        }
        let mut world = lock(&world);
        let mut tally = std::mem::take(&mut world.tally);
        (tally.millis, tally.units) = (world.now, world.cloud.machines.len() as u64);
        tally.given_up = world.orders.given_up_so_far();
        Run { violation: world.judge.violation.take(), tally, log: world.log.take().unwrap_or_default() }
    }
}

fn ended_how(ended: &Ended) -> Option<(&str, Option<&scaler_wm_core::Result<Summary>>)> {
    match ended {
        Ended::ByItself(words, summary) => Some((words.as_deref().unwrap_or_default(), summary.as_ref())),
        Ended::Killed | Ended::Over => None,
    }
}

fn manager(scenario: &Scenario, world: &Shared) -> Manager {
    let (ledger, clock, number) = {
        let world = look(world);
        (world.ledger.clone(), world.life.clock, world.life.number)
    };
    let setup = &scenario.setup;
    let sizing = Sizing {
        max_units: Limit::AtMost(setup.limit),
        per_unit: NonZeroU32::MIN,
        capabilities: Capabilities::default(),
    };
    let settings = Settings {
        manager: ManagerId::from(MANAGER),
        sizing,
        scale_down_cooldown: Duration::from_millis(setup.cooldown),
        drain_timeout: Duration::from_millis(setup.drain),
        stop_timeout: Duration::from_millis(STOP_TIMEOUT),
        rebalances: setup.rebalances,
        keeps_units: setup.keeps_units,
        ledger,
        seed: scenario.seed ^ u64::from(number),
    };
    let provider = Arc::new(ChaosProvider::new(world));
    let link = Box::new(ChaosLink(Arc::clone(world)));
    Manager::new(settings, provider, link, Arc::new(ChaosJournal(Arc::clone(world))), clock)
}

async fn one_life(scenario: &Scenario, world: &Shared, phase: &mut Phase, clock: i64) -> Ended {
    lock(world).begin_life(clock);
    let manager = manager(scenario, world);
    let status = manager.status();
    let (stop, stopped) = oneshot::channel();
    let mut stop = Some(stop);
    let mut manager = tokio::spawn(manager.run(stopped));
    let stirred = Arc::clone(&look(world).life.stirred);
    loop {
        let next = {
            let mut world = look(world);
            if world.life.killed.is_some() {
                return Ended::Killed;
            }
            world.drive(&status.borrow(), phase);
            if world.judge.violation.is_some() {
                return Ended::Over;
            }
            let is_told = world.told_to_end.is_some() || matches!(phase, Phase::Ending { .. });
            if is_told && let Some(stop) = stop.take() {
                world.may_end();
                // It may be ending by itself already.
                let _: Result<(), ()> = stop.send(());
            }
            let wait = world.next_look().saturating_sub(world.now).max(1);
            Instant::now() + Duration::from_millis(wait)
        };
        tokio::select! {
            biased;
            // Cancel safe: a permit is kept, and everything is looked at anew in each round.
            () = stirred.notified() => {}
            // Cancel safe: a handle is asked again.
            ended = &mut manager => {
                let world = look(world);
                if world.life.killed.is_some() {
                    return Ended::Killed;
                }
                let is_empty = world.left().next().is_none();
                return match ended {
                    Ok(Ok(_)) if matches!(phase, Phase::Ending { .. }) && is_empty => Ended::Over,
                    Ok(summary) => Ended::ByItself(None, Some(summary)),
                    Err(error) => Ended::ByItself(Some(error.to_string()), None),
                };
            }
            () = tokio::time::sleep_until(next) => {}
        }
    }
}
