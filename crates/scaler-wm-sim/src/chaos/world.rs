//! What is there while processes of the manager come and go, and what happens to it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fastrand::Rng;
use scaler_wm_core::{
    Entry, Error, ErrorKind, Exit, ExitCause, Launch, LaunchId, ManagerId,
    policy::{AccountRecord, Budget, Ledger, Pricing},
};

use super::{
    CallKind, Event, Point, Scenario, Setup, Spoiled, Tally, What, When, Write,
    cloud::{Cloud, Machine},
    judge::{Judge, Spent},
    life::Life,
    orders::Orders,
};

/// The world, as the driver and the manager's process share it.
pub(super) type Shared = Arc<Mutex<World>>;

/// How often what was spent is kept.
const ACCOUNT_EVERY: u64 = 60_000;

/// The one manager.
pub(super) const MANAGER: &str = "chaos";

/// A kill that waits for its moment.
#[derive(Clone, Copy, Debug)]
struct Armed {
    point: Point,
    skip: u32,
    down: u64,
    clock: i64,
}

/// How a process ended that was killed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Killed {
    pub(super) down: u64,
    pub(super) clock: i64,
}

/// How a call goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) spoiled: Option<Spoiled>,
    /// Milliseconds until it arrives, and until its answer is back.
    pub(super) there: u64,
    pub(super) back: u64,
    /// Which call it is.
    pub(super) number: u64,
}

/// Everything that outlives a process.
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) rng: Rng,
    pub(super) now: u64,
    pub(super) cloud: Cloud,
    pub(super) records: Vec<Entry>,
    pub(super) orders: Orders,
    pub(super) wanted: u32,
    /// The scheduler is there from this instant on.
    pub(super) back_at: u64,
    pub(super) events: VecDeque<Event>,
    pub(super) life: Life,
    /// The manager is told to end, and is started again so much later.
    pub(super) told_to_end: Option<u64>,
    spoiled: BTreeMap<CallKind, VecDeque<Spoiled>>,
    outages: Vec<(CallKind, ErrorKind, u64)>,
    records_that_fail: BTreeMap<Write, u32>,
    /// Launches whose records could not be removed: the next process does that.
    pub(super) unforgotten: BTreeSet<LaunchId>,
    armed: Vec<Armed>,
    in_flight: BTreeMap<u64, Launch>,
    calls: u64,
    /// When it is worth a look for the manager: something has changed, or lists have come to show it.
    looks: BTreeSet<u64>,
    pub(super) ledger: Option<Arc<Ledger>>,
    account: Option<AccountRecord>,
    account_kept: u64,
    pub(super) spent: Spent,
    pub(super) judge: Judge,
    pub(super) tally: Tally,
    /// What happened, in words, if anybody wants to know.
    pub(super) log: Option<Vec<String>>,
}

/// The world as it was left, whatever is due since.
pub(super) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at the world, with everything in it that is due.
pub(super) fn look(world: &Shared) -> MutexGuard<'_, World> {
    let mut world = lock(world);
    let now = world.life.now();
    world.pass_until(now);
    world
}

impl World {
    pub(super) fn new(scenario: &Scenario, keeps_log: bool) -> Self {
        let Scenario { seed, setup, events } = scenario;
        Self {
            setup: setup.clone(),
            rng: Rng::with_seed(*seed ^ 0x5eed),
            now: 0,
            cloud: Cloud::default(),
            records: Vec::new(),
            orders: Orders::default(),
            wanted: 0,
            back_at: 0,
            events: events.iter().cloned().collect(),
            life: Life::new(0, 0, 0),
            told_to_end: None,
            spoiled: BTreeMap::new(),
            outages: Vec::new(),
            records_that_fail: BTreeMap::new(),
            unforgotten: BTreeSet::new(),
            armed: Vec::new(),
            in_flight: BTreeMap::new(),
            calls: 0,
            looks: BTreeSet::new(),
            ledger: None,
            account: None,
            account_kept: 0,
            spent: Spent::default(),
            judge: Judge::default(),
            tally: Tally::default(),
            log: keeps_log.then(Vec::new),
        }
    }

    /// Takes note of something for whoever reads how it went.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            #[expect(clippy::cast_precision_loss, reason = "minutes of simulated time")]
            log.push(format!("{:>9.3} s  {}", self.now as f64 / 1e3, what()));
        }
    }

    /// Lets everything happen that is due by `now`.
    pub(super) fn pass_until(&mut self, now: u64) {
        while let Some(event) = self.events.front().filter(|event| event.at <= now) {
            let at = event.at.max(self.now);
            let Some(Event { what, .. }) = self.events.pop_front() else { break };
            self.settle_units(at);
            self.happen(what);
        }
        self.settle_units(now.max(self.now));
        self.orders.grow_old(&self.setup, self.life.stamp(self.now));
    }

    fn settle_units(&mut self, now: u64) {
        while let Some(at) = self.cloud.next_change(self.now).filter(|at| *at <= now) {
            self.now = at;
            self.cloud.advance(&self.setup, at);
            self.judge_new_units();
            self.changed();
        }
        self.now = now;
        self.cloud.advance(&self.setup, now);
        self.judge_new_units();
    }

    /// Something has changed: the infrastructure says so now, and when no list is too old to show it.
    pub(super) fn changed(&mut self) {
        self.looks.extend([self.now, self.now + self.setup.lag + 1]);
        self.life.stir();
    }

    /// Whether it says so now.
    pub(super) fn is_worth_a_look(&mut self) -> bool {
        let later = self.looks.split_off(&(self.now + 1));
        !std::mem::replace(&mut self.looks, later).is_empty()
    }

    /// When it says so next.
    pub(super) fn next_worth_a_look(&self) -> Option<u64> {
        self.looks.first().copied()
    }

    fn happen(&mut self, what: What) {
        self.note(|| format!("* {what}"));
        let now = self.now;
        match what {
            What::Wanted(units) => self.wanted = units,
            What::Busy { unit, millis, queued } => self.cloud.work(unit, millis, queued, now),
            What::Dies(unit) => {
                if let Some(machine) = self.cloud.pick(unit, now) {
                    machine.leave(now, 0, Exit { cause: ExitCause::Signal(9), asked: false, sure: true });
                }
            }
            What::TakenSoon { unit, millis } => {
                if let Some(machine) = self.cloud.pick(unit, now) {
                    machine.notice.get_or_insert(now + millis);
                }
            }
            What::Away(millis) => self.back_at = self.back_at.max(now + millis),
            What::Next(call, spoiled) => self.spoiled.entry(call).or_default().push_back(spoiled),
            What::Outage(call, kind, millis) => self.outages.push((call, kind, now + millis)),
            What::RecordFails(write) => *self.records_that_fail.entry(write).or_default() += 1,
            What::NextUnit(bad) => self.cloud.next_units.push(bad),
            What::Killed { when: When::Now, down, clock } => self.kill(down, clock),
            What::Killed { when: When::At(point, skip), down, clock } => {
                self.armed.push(Armed { point, skip, down, clock });
            }
            What::Restarted(down) => self.told_to_end = Some(down),
        }
        self.changed();
    }

    /// From now on the manager ends, or may do so by itself.
    pub(super) fn may_end(&mut self) {
        self.life.may_end.get_or_insert(self.now);
    }

    /// When the last fault is over.
    pub(super) fn faults_end(&self) -> u64 {
        let outages = self.outages.iter().map(|(.., until)| *until);
        outages.chain([self.back_at]).max().unwrap_or_default()
    }

    /// From here on nothing goes wrong, and perhaps nobody has anything to do.
    pub(super) fn calm(&mut self) {
        self.spoiled.clear();
        self.outages.clear();
        self.armed.clear();
        self.records_that_fail.clear();
        self.cloud.next_units.clear();
        if !self.setup.works_on {
            self.cloud.finish_all_work(self.now);
        }
    }

    /// How a call of this kind goes.
    pub(super) fn call(&mut self, kind: CallKind) -> Way {
        self.calls += 1;
        self.tally.calls += 1;
        let now = self.now;
        self.outages.retain(|(_, _, until)| *until > now);
        let outage = self.outages.iter().find(|(call, ..)| *call == kind).map(|(_, error, _)| Spoiled::Fails(*error));
        let spoiled = outage.or_else(|| self.spoiled.get_mut(&kind)?.pop_front());
        let takes = match spoiled {
            Some(Spoiled::Takes(millis)) => millis,
            _ => self.rng.u64(2..=self.setup.call.max(2)),
        };
        let there = self.rng.u64(1..=takes);
        Way { spoiled, there, back: takes - there, number: self.calls }
    }

    /// Whether this cannot be written down now.
    pub(super) fn cannot_write(&mut self, write: Write) -> bool {
        let Some(times) = self.records_that_fail.get_mut(&write).filter(|times| **times > 0) else { return false };
        *times -= 1;
        *self.tally.unwritten.entry(write).or_default() += 1;
        self.note(|| format!("{write}: it cannot be written down"));
        true
    }

    /// A launch is on its way.
    pub(super) fn sent(&mut self, way: &Way, launch: &Launch) {
        self.in_flight.insert(way.number, launch.clone());
    }

    /// It has arrived.
    pub(super) fn arrived(&mut self, way: &Way) {
        self.in_flight.remove(&way.number);
    }

    /// Whether a unit came of a launch that was given up, and no list can ever show it: a warning told of it.
    pub(super) fn is_lost(&self, machine: &Machine) -> bool {
        self.setup.hides_strangers()
            && !self.life.remembered.contains(&machine.id)
            && self.orders.get(&machine.launch).is_none_or(|order| order.is_given_up)
    }

    /// The units that somebody can still know of.
    pub(super) fn left(&self) -> impl Iterator<Item = &Machine> {
        self.cloud.existing(self.now).filter(|machine| !self.is_lost(machine))
    }

    /// An error of this kind, as the infrastructure would give it.
    pub(super) fn error(&mut self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, "do what was asked", "a fault");
        if kind == ErrorKind::Throttled && self.rng.bool() {
            error.with_retry_after(std::time::Duration::from_secs(self.rng.u64(1..20)))
        } else {
            error
        }
    }

    /// The manager is at this point; whether it goes no further.
    pub(super) fn is_killed_at(&mut self, point: Point) -> bool {
        if self.life.killed.is_some() {
            return true;
        }
        *self.tally.passed.entry(point).or_default() += 1;
        let Some(place) = self.armed.iter().position(|armed| armed.point == point) else { return false };
        if self.armed[place].skip > 0 {
            self.armed[place].skip -= 1;
            return false;
        }
        let Armed { down, clock, .. } = self.armed.remove(place);
        *self.tally.killed_at.entry(point).or_default() += 1;
        self.note(|| format!("killed {point}"));
        self.kill(down, clock);
        true
    }

    fn kill(&mut self, down: u64, clock: i64) {
        if self.life.is_there && self.life.killed.is_none() {
            self.tally.kills += 1;
            self.life.killed = Some(Killed { down, clock });
            self.life.stir();
        }
    }

    /// A process begins.
    pub(super) fn begin_life(&mut self, clock: i64) {
        let number = self.life.number + 1;
        self.life = Life::new(number, self.now, clock);
        self.life.is_there = true;
        self.cloud.forget_who_was_told();
        self.unforgotten.clear();
        self.tally.lives += 1;
        let is_new = self.account.as_ref().is_none_or(|account| *account == AccountRecord::default());
        self.spent.account_from(if is_new { None } else { Some(self.account_kept) });
        let (per_hour, per_day) = (self.setup.budget.map(f64::from), self.setup.day_budget.map(f64::from));
        self.ledger = per_hour.or(per_day).map(|_| {
            let manager = ManagerId::from(MANAGER);
            let budget = Budget { per_hour, per_day };
            let ledger = Ledger::new(Pricing { budget, prices: vec![(manager.clone(), 1.0)] });
            let now = self.life.clock.now();
            if let Some(account) = self.account.clone() {
                ledger.restore(&manager, account, now);
            }
            ledger.await_count(&manager);
            Arc::new(ledger)
        });
        self.note(|| format!("-- process {number} begins"));
    }

    /// What has been spent is kept once a minute.
    pub(super) fn keep_account(&mut self) {
        if self.now < self.account_kept + ACCOUNT_EVERY {
            return;
        }
        self.account_kept = self.now;
        let now = self.life.clock.now();
        if let Some(ledger) = &self.ledger {
            self.account = ledger.record(&ManagerId::from(MANAGER), now);
        }
    }

    /// The process has gone: what it had sent may still arrive, and units that cannot do without it go.
    pub(super) fn end_life(&mut self) {
        let now = self.now;
        self.life.is_there = false;
        self.judge.process_ended();
        // Units that end with their process are of no launch any more.
        self.orders.process_ended(!self.setup.outlives);
        for launch in std::mem::take(&mut self.in_flight).into_values() {
            if self.rng.bool() {
                self.cloud.late.push((now + self.rng.u64(1..5_000), launch));
            }
        }
        if !self.setup.outlives {
            for machine in self.cloud.machines.values_mut().filter(|machine| machine.exists(now)) {
                machine.leaves = None;
                machine.leave(now, 0, Exit { cause: ExitCause::Signal(9), asked: false, sure: true });
            }
            self.cloud.late.clear();
        }
        self.note(|| "-- the process has gone".to_owned());
    }
}
