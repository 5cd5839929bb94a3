//! The units in memory, and how they change with time.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{
    Error, ErrorKind, Exit, ExitCause, Launch, LaunchId, Launched, OpenLaunch, Receipt, Result, Settled, Stop,
    StopAnswer, Tier, Timestamp, Token, Unit, UnitId, UnitState, WorkerId, WorkerMatch,
};

use super::{Call, CallKind, MemorySettings, NextLaunch};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) units: BTreeMap<u64, Record>,
    pub(super) numbers: HashMap<UnitId, u64>,
    pub(super) made: HashMap<Token, Made>,
    pub(super) script: VecDeque<NextLaunch>,
    pub(super) otherwise: Option<NextLaunch>,
    pub(super) empty_tiers: HashSet<Tier>,
    pub(super) is_blind: bool,
    pub(super) delays: HashMap<CallKind, Duration>,
    pub(super) calls: Vec<Call>,
    pub(super) peak: usize,
    last: u64,
}

/// What a launch brings, whenever its token comes.
#[derive(Clone, Debug)]
pub(super) struct Made {
    launch: LaunchId,
    units: Vec<UnitId>,
    receipt: Option<Receipt>,
    /// Units that come at this instant.
    due: Option<(Timestamp, u32, Tier)>,
    known_from: Timestamp,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: UnitId,
    launch: Option<LaunchId>,
    tier: Tier,
    made: Timestamp,
    running: Timestamp,
    pub(super) is_busy: bool,
    pub(super) is_handing_back: bool,
    leaving: Option<(Timestamp, Timestamp, Exit)>,
    is_told: bool,
    pub(super) is_hidden: bool,
}

impl Record {
    pub(super) fn exists(&self, now: Timestamp) -> bool {
        !self.is_hidden && self.leaving.as_ref().is_none_or(|(_, gone, _)| *gone > now)
    }

    pub(super) const fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// It goes from here on, and is gone at `gone`. The first end that comes is the one that counts.
    pub(super) fn leave(&mut self, now: Timestamp, gone: Timestamp, exit: Exit) {
        if self.leaving.as_ref().is_none_or(|(_, before, _)| gone < *before) {
            self.leaving = Some((now, gone, exit));
        }
    }

    /// What a listing says that shows the state of `seen`.
    fn show(&self, seen: Timestamp) -> Unit {
        let (state, since) = match &self.leaving {
            Some((_, gone, exit)) if *gone <= seen => (UnitState::Gone(exit.clone()), *gone),
            Some((since, ..)) if *since <= seen => (UnitState::Stopping, *since),
            _ if self.running <= seen => (UnitState::Running, self.running),
            _ => (UnitState::Starting, self.made),
        };
        Unit {
            id: self.id.clone(),
            launch: self.launch.clone(),
            state,
            since,
            tier: self.tier.clone(),
            workers: WorkerMatch::Exact(worker_of(&self.id)),
            notice: None,
        }
    }
}

pub(super) fn worker_of(unit: &UnitId) -> WorkerId {
    WorkerId::from(&format!("worker|{unit}"))
}

pub(super) fn asked(cause: ExitCause) -> Exit {
    Exit { cause, asked: true, sure: true }
}

impl State {
    /// A number that no other launch or unit has.
    pub(super) const fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn unit_mut(&mut self, unit: &UnitId) -> Option<&mut Record> {
        self.units.get_mut(self.numbers.get(unit)?)
    }

    pub(super) fn existing(&self, now: Timestamp) -> impl Iterator<Item = &Record> {
        self.units.values().filter(move |record| record.exists(now))
    }

    /// Brings what has become due.
    pub(super) fn advance(&mut self, settings: &MemorySettings, now: Timestamp) {
        let due: Vec<Token> = self
            .made
            .iter()
            .filter(|(_, made)| matches!(made.due, Some((at, ..)) if at <= now))
            .map(|(token, _)| token.clone())
            .collect();
        for token in due {
            let Some(made) = self.made.get_mut(&token) else { continue };
            let Some((at, count, tier)) = made.due.take() else { continue };
            let launch = made.launch.clone();
            let units = self.bring(settings, count, Some(&launch), &tier, at);
            if let Some(made) = self.made.get_mut(&token) {
                made.units = units;
            }
        }
    }

    pub(super) fn bring(
        &mut self,
        settings: &MemorySettings,
        count: u32,
        launch: Option<&LaunchId>,
        tier: &Tier,
        at: Timestamp,
    ) -> Vec<UnitId> {
        let ids = (0..count)
            .map(|_| {
                let number = self.number();
                let id = UnitId::from(format!("unit-{number}"));
                let record = Record {
                    id: id.clone(),
                    launch: launch.cloned(),
                    tier: tier.clone(),
                    made: at,
                    running: at + settings.start_up,
                    is_busy: false,
                    is_handing_back: false,
                    leaving: None,
                    is_told: false,
                    is_hidden: false,
                };
                self.numbers.insert(id.clone(), number);
                self.units.insert(number, record);
                id
            })
            .collect();
        self.peak = self.peak.max(self.existing(at).count());
        ids
    }

    pub(super) fn launch(&mut self, settings: &MemorySettings, launch: &Launch, now: Timestamp) -> Result<Launched> {
        let fail = |kind| Error::new(kind, "start units in memory", "the test says so");
        if self.empty_tiers.contains(&launch.tier) {
            return Err(fail(ErrorKind::NoCapacity));
        }
        let next = self.script.pop_front().or(self.otherwise).unwrap_or(NextLaunch::Works);
        if let NextLaunch::Fails(kind) = next {
            return Err(fail(kind));
        }
        let asked = launch.count.get();
        if !self.made.contains_key(&launch.token) || !settings.info.idempotent {
            let id = Some(&launch.id);
            let mut made = Made {
                launch: launch.id.clone(),
                units: Vec::new(),
                receipt: None,
                due: None,
                known_from: now + settings.lag,
            };
            match next {
                NextLaunch::Partial(count, _) => {
                    made.units = self.bring(settings, count.min(asked), id, &launch.tier, now);
                }
                NextLaunch::Follows(count, after) => {
                    made.receipt = Some(Receipt(launch.token.as_str().to_owned().into()));
                    made.due = Some((now + after, count.min(asked), launch.tier.clone()));
                    made.known_from = now + after + settings.lag;
                }
                _ => made.units = self.bring(settings, asked, id, &launch.tier, now),
            }
            self.made.insert(launch.token.clone(), made);
        }
        if next == NextLaunch::LosesReply {
            return Err(fail(ErrorKind::Transient));
        }
        let made = &self.made[&launch.token];
        let units = made.units.iter().filter_map(|id| self.units.get(self.numbers.get(id)?));
        let units: Vec<_> = units.filter(|unit| unit.exists(now)).map(|unit| Arc::new(unit.show(now))).collect();
        let failed = match next {
            NextLaunch::Partial(count, kind) => (count..asked).map(|_| fail(kind)).collect(),
            _ => Vec::new(),
        };
        Ok(Launched { units, receipt: made.receipt.clone(), failed })
    }

    /// What a listing shows now. An end is told once.
    pub(super) fn list(&mut self, lag: Duration, now: Timestamp) -> Vec<Arc<Unit>> {
        let seen = now - lag;
        let mut units = Vec::new();
        for record in self.units.values_mut() {
            if record.made > seen || record.is_told || record.is_hidden {
                continue;
            }
            let unit = record.show(seen);
            record.is_told = matches!(unit.state, UnitState::Gone(_));
            units.push(Arc::new(unit));
        }
        units
    }

    /// Launches with a receipt whose units have all come.
    pub(super) fn settle(&self, open: &[OpenLaunch], now: Timestamp) -> Vec<(LaunchId, Settled)> {
        open.iter()
            .filter(|open| open.receipt.is_some())
            .filter_map(|open| Some((&open.launch, self.made.get(&open.launch.token)?)))
            .filter(|(_, made)| made.due.is_none() && made.known_from <= now)
            .map(|(launch, made)| {
                let came = u32::try_from(made.units.len()).unwrap_or(u32::MAX);
                let missing = launch.count.get().saturating_sub(came);
                (launch.id.clone(), Settled { units: made.units.clone(), missing })
            })
            .collect()
    }

    pub(super) fn stop(
        &mut self,
        settings: &MemorySettings,
        unit: &UnitId,
        how: Stop,
        now: Timestamp,
    ) -> Result<StopAnswer> {
        let record = self
            .unit_mut(unit)
            .filter(|record| record.exists(now))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "stop a unit in memory", format!("{unit} is not there")))?;
        if settings.unsupported.contains(&how.into()) {
            return Ok(StopAnswer::Unsupported);
        }
        let gone = now + settings.stop_takes;
        match how {
            Stop::Resume if record.is_leaving() => return Ok(StopAnswer::Busy),
            Stop::Resume => record.is_handing_back = false,
            Stop::IfIdle if record.is_busy => return Ok(StopAnswer::Busy),
            Stop::HandBack(_) if record.is_busy => record.is_handing_back = true,
            Stop::Relieve if !record.is_busy => return Ok(StopAnswer::Busy),
            Stop::Relieve => record.is_handing_back = true,
            Stop::IfIdle | Stop::HandBack(_) => record.leave(now, gone, asked(ExitCause::Code(0))),
            Stop::Now => record.leave(now, gone, asked(ExitCause::Signal(9))),
            Stop::Hold => {}
        }
        Ok(StopAnswer::Accepted)
    }
}
