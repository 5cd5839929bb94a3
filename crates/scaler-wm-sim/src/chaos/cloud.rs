//! The units as they really are, whoever looks.

use std::{collections::BTreeMap, sync::Arc};

use scaler_wm_core::{
    Error, ErrorKind, Exit, ExitCause, Launch, LaunchId, OpenLaunch, Result, Settled, Stop, StopAnswer, Tier, Token,
    Unit, UnitId, UnitState, WorkerId, WorkerMatch,
};

use super::{Bad, Setup, life::Life};

/// How long after it has come up a unit is at the scheduler.
const JOINS_AFTER: u64 = 500;
/// How long units are told of after they went, to whoever has not heard.
const TOLD_FOR: u64 = 60_000;

/// One unit.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) id: UnitId,
    pub(super) launch: LaunchId,
    tier: Tier,
    pub(super) made: u64,
    up: u64,
    /// Why it does not come up.
    fails: Option<ExitCause>,
    never_joins: bool,
    pub(super) busy_until: u64,
    pub(super) busy_since: u64,
    queued: u32,
    /// It finishes what runs, and leaves.
    pub(super) hands_back: bool,
    /// Since when it goes, when it is gone, and how it ends.
    pub(super) leaves: Option<(u64, u64, Exit)>,
    pub(super) notice: Option<u64>,
    /// Whether its end has been told to the process that is there.
    told_gone: bool,
}

impl Machine {
    pub(super) fn worker(&self) -> WorkerId {
        WorkerId::from(&format!("Worker|{}", self.id))
    }

    pub(super) fn exists(&self, at: u64) -> bool {
        self.ended(at).is_none()
    }

    /// When it ended, and how.
    fn ended(&self, at: u64) -> Option<(u64, Exit)> {
        if let Some(cause) = self.fails.as_ref().filter(|_| self.up <= at) {
            return Some((self.up, Exit { cause: cause.clone(), asked: false, sure: true }));
        }
        self.leaves.as_ref().filter(|(_, gone, _)| *gone <= at).map(|(_, gone, exit)| (*gone, exit.clone()))
    }

    /// For how long it has been there.
    pub(super) fn lived(&self, now: u64) -> u64 {
        self.ended(now).map_or(now, |(ended, _)| ended).saturating_sub(self.made)
    }

    pub(super) fn is_joined(&self, at: u64) -> bool {
        !self.never_joins && self.up + JOINS_AFTER <= at && self.exists(at)
    }

    pub(super) fn is_busy(&self, at: u64) -> bool {
        self.busy_until > at && self.is_joined(at)
    }

    pub(super) fn queued(&self, at: u64) -> u32 {
        if self.is_busy(at) && !self.hands_back { self.queued } else { 0 }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaves.is_some()
    }

    pub(super) fn leave(&mut self, now: u64, takes: u64, exit: Exit) {
        self.leaves.get_or_insert((now, now + takes, exit));
    }

    fn show(&self, at: u64, life: &Life) -> Unit {
        let (state, since) = match self.ended(at) {
            Some((gone, exit)) => (UnitState::Gone(exit), gone),
            None if self.leaves.as_ref().is_some_and(|(since, ..)| *since <= at) => (UnitState::Stopping, at),
            None if self.notice.is_some() => (UnitState::Stopping, at),
            None if self.up <= at => (UnitState::Running, self.up),
            None => (UnitState::Starting, self.made),
        };
        Unit {
            id: self.id.clone(),
            launch: Some(self.launch.clone()),
            state,
            since: life.stamp(since),
            tier: self.tier.clone(),
            workers: WorkerMatch::Exact(self.worker()),
            notice: self.notice.map(|at| life.stamp(at)),
        }
    }

    /// The next instant at which it changes by itself.
    fn next_change(&self, now: u64) -> Option<u64> {
        let leaves = self.leaves.as_ref().map(|(_, gone, _)| *gone);
        let back = self.hands_back.then_some(self.busy_until);
        let times = [Some(self.up), Some(self.up + JOINS_AFTER), leaves, back, self.notice, Some(self.busy_until)];
        times.into_iter().flatten().filter(|at| *at > now).min()
    }
}

/// What a token stands for.
#[derive(Clone, Debug)]
pub(super) struct Made {
    launch: LaunchId,
    at: u64,
    pub(super) units: Vec<UnitId>,
    /// When its units come, and how many, where the answer is a receipt.
    due: Option<(u64, Launch, u32)>,
}

/// Everything there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Cloud {
    pub(super) machines: BTreeMap<UnitId, Machine>,
    pub(super) made: BTreeMap<Token, Made>,
    /// Launches that arrive later than anybody waits for them.
    pub(super) late: Vec<(u64, Launch)>,
    pub(super) next_units: Vec<Bad>,
    /// Units that were made and have not been judged.
    pub(super) fresh: Vec<UnitId>,
    /// Launches that were carried out once more, since their token stands for nothing any more.
    pub(super) doubled: Vec<LaunchId>,
    /// How old the last list was. The next one may be older: nobody says who answers.
    listed_as_of: u64,
    number: u32,
}

impl Cloud {
    pub(super) fn existing(&self, now: u64) -> impl Iterator<Item = &Machine> {
        self.machines.values().filter(move |machine| machine.exists(now))
    }

    /// The unit that an event means.
    pub(super) fn pick(&mut self, number: u32, now: u64) -> Option<&mut Machine> {
        let mut there: Vec<&mut Machine> =
            self.machines.values_mut().filter(|machine| machine.exists(now) && !machine.is_leaving()).collect();
        let count = u32::try_from(there.len()).ok().filter(|count| *count > 0)?;
        Some(there.swap_remove((number % count) as usize))
    }

    /// Lets happen what is due.
    pub(super) fn advance(&mut self, setup: &Setup, now: u64) {
        while let Some(place) = self.late.iter().position(|(at, _)| *at <= now) {
            let (_, launch) = self.late.swap_remove(place);
            self.carry_out(setup, &launch, launch.count.get(), now);
        }
        let due: Vec<Token> = self
            .made
            .iter()
            .filter(|(_, made)| matches!(made.due, Some((at, ..)) if at <= now))
            .map(|(token, _)| token.clone())
            .collect();
        for token in due {
            let Some((at, launch, count)) = self.made.get_mut(&token).and_then(|made| made.due.take()) else {
                continue;
            };
            let units = (0..count).map(|_| self.make(setup, &launch, at)).collect();
            if let Some(made) = self.made.get_mut(&token) {
                made.units = units;
            }
        }
        for machine in self.machines.values_mut() {
            if machine.hands_back && machine.busy_until <= now {
                let exit = Exit { cause: ExitCause::Code(0), asked: true, sure: true };
                machine.leave(machine.busy_until.max(machine.made), setup.stop_takes, exit);
            }
            if let Some(at) = machine.notice.filter(|at| *at <= now) {
                let exit = Exit { cause: ExitCause::Lost("it was taken".to_owned()), asked: false, sure: true };
                machine.leave(at, 0, exit);
            }
        }
    }

    pub(super) fn next_change(&self, now: u64) -> Option<u64> {
        let machines = self.machines.values().filter(|machine| machine.exists(now));
        let machines = machines.filter_map(|machine| machine.next_change(now));
        let made = self.made.values().filter_map(|made| made.due.as_ref().map(|(at, ..)| *at));
        machines.chain(made).chain(self.late.iter().map(|(at, _)| *at)).filter(|at| *at > now).min()
    }

    fn make(&mut self, setup: &Setup, launch: &Launch, at: u64) -> UnitId {
        self.number += 1;
        let id = UnitId::from(format!("unit-{:03}", self.number));
        let bad = if self.next_units.is_empty() { None } else { Some(self.next_units.remove(0)) };
        let (mut up, mut fails) = (at + setup.start_up, None);
        match bad {
            Some(Bad::NeverStarts) => fails = Some(ExitCause::NeverStarted("a fault".to_owned())),
            Some(Bad::NoCapacity) => fails = Some(ExitCause::NoCapacity("a fault".to_owned())),
            Some(Bad::Slow(more)) => up += more,
            Some(Bad::NeverJoins) | None => {}
        }
        let machine = Machine {
            id: id.clone(),
            launch: launch.id.clone(),
            tier: launch.tier.clone(),
            made: at,
            up,
            fails,
            never_joins: bad == Some(Bad::NeverJoins),
            busy_until: 0,
            busy_since: 0,
            queued: 0,
            hands_back: false,
            leaves: None,
            notice: None,
            told_gone: false,
        };
        self.machines.insert(id.clone(), machine);
        self.fresh.push(id.clone());
        id
    }

    /// Carries a launch out, unless its token stands for one that has been.
    pub(super) fn carry_out(&mut self, setup: &Setup, launch: &Launch, count: u32, now: u64) {
        if self.stands_for_one(setup, &launch.token, now) {
            return;
        }
        if self.made.contains_key(&launch.token) {
            self.doubled.push(launch.id.clone());
        }
        let mut made = Made { launch: launch.id.clone(), at: now, units: Vec::new(), due: None };
        if setup.receipts {
            made.due = Some((now + setup.call, launch.clone(), count));
        } else {
            made.units = (0..count).map(|_| self.make(setup, launch, now)).collect();
        }
        self.made.insert(launch.token.clone(), made);
    }

    /// Whether a token stands for a launch that has been carried out.
    pub(super) fn stands_for_one(&self, setup: &Setup, token: &Token, now: u64) -> bool {
        self.made.get(token).is_some_and(|made| setup.remembers(made.at, now))
    }

    /// The units that exist of what was carried out under this token.
    pub(super) fn units_of(&self, token: &Token, now: u64, life: &Life) -> Vec<Arc<Unit>> {
        let ids = self.made.get(token).map(|made| made.units.as_slice()).unwrap_or_default();
        let units = ids.iter().filter_map(|id| self.machines.get(id)).filter(|machine| machine.exists(now));
        units.map(|machine| Arc::new(machine.show(now, life))).collect()
    }

    /// What a list shows that is as old as `stale`.
    pub(super) fn list(&mut self, setup: &Setup, now: u64, stale: u64, life: &Life) -> Vec<Arc<Unit>> {
        self.listed_as_of = now.saturating_sub(stale);
        let seen = self.listed_as_of;
        let is_shown = |machine: &&Machine| {
            machine.made <= seen
                && !machine.told_gone
                && (!setup.hides_strangers() || life.remembered.contains(&machine.id))
                && machine.ended(seen).is_none_or(|(gone, _)| gone + TOLD_FOR >= life.began)
        };
        self.machines.values().filter(is_shown).map(|machine| Arc::new(machine.show(seen, life))).collect()
    }

    /// A list has arrived: ends that it told of are not told again.
    pub(super) fn told(&mut self, units: &[Arc<Unit>]) {
        for unit in units.iter().filter(|unit| matches!(unit.state, UnitState::Gone(_))) {
            if let Some(machine) = self.machines.get_mut(&unit.id) {
                machine.told_gone = true;
            }
        }
    }

    /// Somebody new looks.
    pub(super) fn forget_who_was_told(&mut self) {
        self.machines.values_mut().for_each(|machine| machine.told_gone = false);
    }

    /// Launches with a receipt whose units have all come, and are in lists.
    pub(super) fn settled(&self, open: &[OpenLaunch]) -> Vec<(LaunchId, Settled)> {
        let seen = self.listed_as_of;
        let is_seen = |unit: &UnitId| self.machines.get(unit).is_some_and(|machine| machine.made <= seen);
        open.iter()
            .filter(|open| open.receipt.is_some())
            .filter_map(|open| Some((&open.launch, self.made.get(&open.launch.token)?)))
            .filter(|(_, made)| made.due.is_none() && made.units.iter().all(is_seen))
            .map(|(launch, made)| {
                let came = u32::try_from(made.units.len()).unwrap_or(u32::MAX);
                let missing = launch.count.get().saturating_sub(came);
                (made.launch.clone(), Settled { units: made.units.clone(), missing })
            })
            .collect()
    }

    /// Asks a unit.
    pub(super) fn stop(&mut self, setup: &Setup, unit: &UnitId, how: Stop, now: u64) -> Result<StopAnswer> {
        let machine = self.machines.get_mut(unit).filter(|machine| machine.exists(now));
        let machine = machine.ok_or_else(|| Error::new(ErrorKind::NotFound, "ask a unit", unit.as_str()))?;
        let is_busy = machine.is_busy(now);
        let asked = |cause| Exit { cause, asked: true, sure: true };
        match how {
            Stop::IfIdle if !setup.leave_if_idle => return Ok(StopAnswer::Unsupported),
            Stop::HandBack(_) | Stop::Relieve if !setup.hand_back => return Ok(StopAnswer::Unsupported),
            Stop::Hold if !setup.hold => return Ok(StopAnswer::Unsupported),
            Stop::IfIdle if is_busy => return Ok(StopAnswer::Busy),
            Stop::Relieve if machine.queued(now) == 0 => return Ok(StopAnswer::Busy),
            Stop::Resume if machine.is_leaving() => return Ok(StopAnswer::Busy),
            Stop::Resume => machine.hands_back = false,
            Stop::HandBack(_) | Stop::Relieve if is_busy => machine.hands_back = true,
            Stop::IfIdle | Stop::HandBack(_) | Stop::Relieve => {
                machine.leave(now, setup.stop_takes, asked(ExitCause::Code(0)));
            }
            Stop::Now => machine.leave(now, setup.stop_takes, asked(ExitCause::Signal(9))),
            Stop::Hold => {}
        }
        Ok(StopAnswer::Accepted)
    }

    /// Gives a unit work.
    pub(super) fn work(&mut self, number: u32, millis: u64, queued: u32, now: u64) {
        if let Some(machine) = self.pick(number, now)
            && machine.is_joined(now)
            && !machine.hands_back
        {
            if machine.busy_until <= now {
                machine.busy_since = now;
            }
            machine.busy_until = machine.busy_until.max(now + millis);
            machine.queued = queued;
        }
    }

    /// Everybody has something to do, and nothing waits for long.
    pub(super) fn give_all_work(&mut self, now: u64, millis: u64) {
        for machine in self.machines.values_mut().filter(|machine| machine.is_joined(now) && !machine.hands_back) {
            if machine.busy_until <= now {
                (machine.busy_since, machine.busy_until) = (now, now + millis);
            }
            machine.queued = 0;
        }
    }

    /// Nobody has anything to do any more.
    pub(super) fn finish_all_work(&mut self, now: u64) {
        self.machines.values_mut().for_each(|machine| machine.busy_until = machine.busy_until.min(now));
    }
}
