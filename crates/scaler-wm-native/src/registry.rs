//! The units of this provider, kept up to date by what the helper says.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    mem,
    sync::Arc,
};

use scaler_wm_core::{
    Clock, Exit, ExitCause, LaunchId, Tier, Timestamp, Unit, UnitId, UnitState, WorkerId, WorkerMatch,
};
use tokio::sync::watch;

/// Launches that are remembered, so that a repeated one starts nothing twice.
const REMEMBERED_LAUNCHES: usize = 1024;

/// The units of this provider.
#[derive(Debug)]
pub(crate) struct Registry {
    units: BTreeMap<UnitId, Arc<Unit>>,
    pids: HashMap<UnitId, i32>,
    /// The line to the helper of each unit.
    lines: HashMap<UnitId, u64>,
    /// Units that went and have not been told of yet.
    gone: Vec<Arc<Unit>>,
    launches: VecDeque<LaunchId>,
    clock: Clock,
    changed: watch::Sender<u64>,
}

impl Registry {
    pub(crate) fn new(changed: watch::Sender<u64>) -> Self {
        Self {
            units: BTreeMap::new(),
            pids: HashMap::new(),
            lines: HashMap::new(),
            gone: Vec::new(),
            launches: VecDeque::new(),
            clock: Clock::system(),
            changed,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes note of a launch; false when it is a repeated one.
    pub(crate) fn remember(&mut self, launch: &LaunchId) -> bool {
        if self.launches.contains(launch) {
            return false;
        }
        if self.launches.len() == REMEMBERED_LAUNCHES {
            self.launches.pop_front();
        }
        self.launches.push_back(launch.clone());
        true
    }

    /// A unit is being started, by the helper of a line.
    pub(crate) fn starting(&mut self, name: &str, launch: &LaunchId, line: u64) {
        let unit = Unit {
            id: UnitId::from(name),
            launch: Some(launch.clone()),
            state: UnitState::Starting,
            since: self.now(),
            tier: Tier::default(),
            workers: WorkerMatch::Exact(WorkerId::from(name)),
            notice: None,
        };
        self.lines.insert(unit.id.clone(), line);
        self.units.insert(unit.id.clone(), Arc::new(unit));
        self.tick();
    }

    /// The line to the helper of a unit that is there.
    pub(crate) fn line(&self, unit: &UnitId) -> Option<u64> {
        self.units.get(unit).and_then(|_| self.lines.get(unit).copied())
    }

    /// Every unit of a line leaves, in its own time.
    pub(crate) fn retired(&mut self, line: u64) {
        for name in self.of_line(line) {
            self.set(name.as_str(), UnitState::Stopping);
        }
    }

    fn of_line(&self, line: u64) -> Vec<UnitId> {
        self.units.keys().filter(|unit| self.lines.get(*unit) == Some(&line)).cloned().collect()
    }

    /// A unit runs, in this process.
    pub(crate) fn running(&mut self, name: &str, pid: i32) {
        self.pids.insert(UnitId::from(name), pid);
        self.set(name, UnitState::Running);
    }

    pub(crate) fn pid(&self, unit: &UnitId) -> Option<i32> {
        self.pids.get(unit).copied()
    }

    /// A unit is in another state now. Unknown units and repeated news are passed over.
    pub(crate) fn set(&mut self, name: &str, state: UnitState) {
        let id = UnitId::from(name);
        let Some(unit) = self.units.get(&id) else { return };
        let changed = Arc::new(Unit { state, since: self.now(), ..Unit::clone(unit) });
        if matches!(changed.state, UnitState::Gone(_)) {
            self.units.remove(&id);
            self.pids.remove(&id);
            self.lines.remove(&id);
            self.gone.push(changed);
        } else {
            self.units.insert(id, changed);
        }
        self.tick();
    }

    /// The helper of a line has gone, and took its units with it.
    ///
    /// Whether there were any.
    pub(crate) fn lost(&mut self, line: u64, reason: &str) -> bool {
        let names = self.of_line(line);
        let has_some = !names.is_empty();
        for name in names {
            let cause = ExitCause::Lost(reason.to_owned());
            // Its workers have been told to leave, and tell the scheduler themselves: they may still live.
            self.set(name.as_str(), UnitState::Gone(Exit { cause, asked: false, sure: false }));
        }
        has_some
    }

    /// Every helper was ended, and every unit with it.
    pub(crate) fn all_lost(&mut self) {
        let lines: BTreeSet<u64> = self.lines.values().copied().collect();
        for line in lines {
            self.lost(line, "the helper was ended");
        }
    }

    /// The units of a launch that are there.
    pub(crate) fn of_launch(&self, launch: &LaunchId) -> Vec<Arc<Unit>> {
        self.units.values().filter(|unit| unit.launch.as_ref() == Some(launch)).cloned().collect()
    }

    /// Every unit, and once those that have gone since the last look.
    pub(crate) fn look(&mut self) -> Vec<Arc<Unit>> {
        let mut units = mem::take(&mut self.gone);
        units.extend(self.units.values().cloned());
        units
    }

    fn tick(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}
