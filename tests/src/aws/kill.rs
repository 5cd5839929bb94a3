//! A manager that is killed at a moment of a launch or a stop, and the next one that has to make it good.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use scaler_wm_core::Journal;
use scaler_wm_journal::RedbJournal;

use super::killable::Killable;
use super::proxy::HoldPoint;
use super::stack::CloudStack;
use crate::{Failure, LogFile, Manager, ManagerKind, ManagerOptions, Result, deadline, until};

/// The longest wait before a kill at random, in milliseconds.
const LONGEST_WAIT: u64 = 2_500;

/// At what moment a manager was killed, as journal and calls show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fell {
    /// A launch was decided upon, and not on record yet.
    BeforeJournal,
    /// A launch was on record, and its call had not been made.
    BeforeCall,
    /// The call had been made, and its outcome was not on record.
    BeforeSettling,
    /// No launch was open: while units were ended, or between two changes.
    Elsewhere,
}

/// What a kill is aimed at. What it hits is looked up afterwards.
#[derive(Clone, Copy, Debug)]
enum Aim {
    Journal,
    Call(HoldPoint),
    Stop(HoldPoint),
    Random,
}

/// What every other kill is aimed at, one after the other.
const OTHER_AIMS: [Aim; 4] = [Aim::Random, Aim::Stop(HoldPoint::Before), Aim::Random, Aim::Stop(HoldPoint::After)];

/// What became of one kill.
#[derive(Clone, Debug)]
pub struct Kill {
    /// What all of it follows from.
    pub seed: u64,
    /// When the manager was killed.
    pub fell: Fell,
    /// Whether the next one came to have what was wanted.
    pub is_settled: bool,
    /// Units, and records of launches, that nobody had an eye on in the end.
    pub leaked: usize,
    /// Units beyond what was asked for.
    pub duplicate: usize,
    /// What the manager had made beside units, and was there in the end; `None` where managers make nothing.
    pub temporary: Option<usize>,
    story: String,
}

impl Kill {
    fn run<E: Killable>(stack: &CloudStack<E>, seed: u64, aim: Aim, binary: Option<PathBuf>) -> Result<Self> {
        Course::new(stack, seed, binary).run(aim)
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, fell, is_settled, leaked, duplicate, temporary, story } = self;
        let settled = if *is_settled { "settled" } else { "NOT SETTLED" };
        write!(f, "seed {seed:>3}: {story}; fell {fell:?}; {settled}, leaked {leaked}, duplicate {duplicate}")?;
        temporary.map_or(Ok(()), |count| write!(f, ", temporary resources {count}"))
    }
}

/// What became of many.
#[derive(Clone, Debug, Default)]
pub struct KillTally(pub Vec<Kill>);

impl KillTally {
    /// Brings up a manager on a stack that is told what to wish and whose units are no processes, kills it, and lets
    /// another one go on. Every other kill is aimed at the moment of a launch that was hit least so far.
    ///
    /// # Errors
    /// When something other than the manager fails.
    pub fn kill<E: Killable>(&mut self, stack: &CloudStack<E>, seed: u64, binary: Option<PathBuf>) -> Result<&Kill> {
        let round = self.0.len();
        let aim = if round % 2 == 1 {
            OTHER_AIMS[round / 2 % OTHER_AIMS.len()]
        } else {
            let moments = [Fell::BeforeJournal, Fell::BeforeCall, Fell::BeforeSettling];
            match moments.into_iter().min_by_key(|moment| self.fell(*moment)) {
                Some(Fell::BeforeCall) => Aim::Call(HoldPoint::Before),
                Some(Fell::BeforeSettling) => Aim::Call(HoldPoint::After),
                _ => Aim::Journal,
            }
        };
        self.0.push(Kill::run(stack, seed, aim, binary)?);
        Ok(&self.0[round])
    }

    /// How many fell at this moment.
    pub fn fell(&self, moment: Fell) -> usize {
        self.0.iter().filter(|kill| kill.fell == moment).count()
    }

    /// Whether every one settled, with nothing leaked, nothing twice, and nothing left beside units.
    pub fn is_good(&self) -> bool {
        self.0.iter().all(|kill| kill.is_settled && kill.leaked + kill.duplicate + kill.temporary.unwrap_or(0) == 0)
    }
}

impl fmt::Display for KillTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settled = self.0.iter().filter(|kill| kill.is_settled).count();
        let sum = |count: fn(&Kill) -> usize| self.0.iter().map(count).sum::<usize>();
        let (leaked, duplicate) = (sum(|kill| kill.leaked), sum(|kill| kill.duplicate));
        let all = self.0.len();
        write!(f, "{settled}/{all} settled, leaked {leaked}, duplicate {duplicate}")?;
        if let Some(temporary) = self.0.iter().filter_map(|kill| kill.temporary).reduce(|sum, count| sum + count) {
            write!(f, ", temporary resources {temporary}")?;
        }
        write!(
            f,
            "\nkills before the journal write {}, between journal and call {}, between call and settling {}, elsewhere {}",
            self.fell(Fell::BeforeJournal),
            self.fell(Fell::BeforeCall),
            self.fell(Fell::BeforeSettling),
            self.fell(Fell::Elsewhere)
        )
    }
}

/// One kill on its way.
struct Course<'a, E: Killable> {
    stack: &'a CloudStack<E>,
    seed: u64,
    random: Rng,
    options: ManagerOptions,
    /// The most units that were ever wanted.
    most_wanted: u32,
    /// The most that were ever there.
    peak: usize,
}

impl<'a, E: Killable> Course<'a, E> {
    fn new(stack: &'a CloudStack<E>, seed: u64, binary: Option<PathBuf>) -> Self {
        let id = format!("kill-{seed}");
        let often = ["--observe-interval-seconds", "1", "--ready-timeout-seconds", "3600"];
        let options = ManagerOptions {
            kind: ManagerKind::Ours,
            binary,
            limit: 60,
            cooldown: Some(0.0),
            heartbeat: Some(1.0),
            state_folder: Some(stack.stack.folder().join(format!("state-{id}"))),
            extra: E::ONE_WORKER.iter().chain(&often).map(|word| (*word).to_owned()).collect(),
            log_name: id.clone(),
            id,
            ..ManagerOptions::default()
        };
        Self { stack, seed, random: Rng::with_seed(seed), options, most_wanted: 0, peak: 0 }
    }

    fn run(mut self, aim: Aim) -> Result<Kill> {
        let before = self.random.u32(0..=15);
        self.wish(before)?;
        let mut first = self.stack.manager(&self.options)?;
        if !self.comes_to(before, 30.0)? {
            return Err(self.stack.explain(Failure::new("begin", format!("seed {}: no {before} units", self.seed))));
        }
        let (aim, wanted) = self.kill(&mut first, aim, before)?;
        self.stack.cloud.proxy.until_quiet(10.0)?;
        let fell = self.moment(&first)?;
        let after = self.random.u32(0..=20);
        self.wish(after)?;
        let mut second = self.stack.manager(&self.options)?;
        let is_settled = self.comes_to(after, 45.0)?;
        self.wish(0)?;
        let is_over = self.comes_to(0, 30.0)?;
        second.terminate();
        let status = second.wait(20.0).map_err(|failure| self.stack.explain(failure))?;
        self.stack.check(status.success(), "a good end of the second manager", status)?;
        let kill = Kill {
            seed: self.seed,
            fell,
            is_settled: is_settled && is_over,
            leaked: self.units()?.len() + self.records()?.len(),
            duplicate: self.duplicate()?,
            temporary: self.stack.cloud.emulator.temporary()?,
            story: format!("{before} units, {wanted} wanted, killed at {aim}, then {after}"),
        };
        Ok(kill)
    }

    /// Changes what is wanted and kills the manager at the moment that was aimed at; returns a word for it, and what was
    /// wanted.
    fn kill(&mut self, manager: &mut Manager, aim: Aim, before: u32) -> Result<(&'static str, u32)> {
        let proxy = &self.stack.cloud.proxy;
        let more = before + self.random.u32(1..=10);
        match aim {
            Aim::Journal => {
                let known = length(manager.log());
                self.wish(more)?;
                let end = deadline(10.0);
                // Without a pause: the record is a matter of milliseconds.
                while !says(manager.log(), known, b"starting units") && Instant::now() < end {}
                manager.kill();
                Ok(("the decision", more))
            }
            Aim::Call(point) => {
                let hold = proxy.hold(E::LAUNCHES, point);
                self.wish(more)?;
                hold.wait(15.0).map_err(|failure| self.stack.explain(failure))?;
                manager.kill();
                hold.drop_it();
                Ok((if point == HoldPoint::Before { "the call" } else { "the answer" }, more))
            }
            Aim::Stop(point) if before > 0 => {
                let hold = proxy.hold(E::STOPS, point);
                let less = self.random.u32(0..before);
                self.wish(less)?;
                hold.wait(15.0).map_err(|failure| self.stack.explain(failure))?;
                manager.kill();
                hold.drop_it();
                Ok((if point == HoldPoint::Before { "a stop" } else { "a stop's answer" }, less))
            }
            Aim::Stop(_) | Aim::Random => {
                let wanted = self.random.u32(0..=40);
                self.wish(wanted)?;
                thread::sleep(Duration::from_millis(self.random.u64(0..=LONGEST_WAIT)));
                manager.kill();
                Ok(("random", wanted))
            }
        }
    }

    fn wish(&mut self, wanted: u32) -> Result<()> {
        self.most_wanted = self.most_wanted.max(wanted);
        self.stack.stack.wish(wanted)
    }

    /// Whether so many units are there in time, and still are two looks later.
    fn comes_to(&mut self, wanted: u32, seconds: f64) -> Result<bool> {
        let mut right_since = None;
        let what = format!("{wanted} units");
        let outcome = until(&what, seconds, || {
            let units = self.units().ok()?;
            self.peak = self.peak.max(units.len());
            let looks = self.stack.cloud.proxy.calls_of(E::LOOKS).len();
            if units.len() != wanted as usize {
                right_since = None;
                return None;
            }
            (looks >= *right_since.get_or_insert(looks) + 2).then_some(())
        });
        Ok(outcome.is_ok())
    }

    /// Its units that are to run.
    fn units(&self) -> Result<Vec<E::Unit>> {
        let mut units = self.stack.units()?;
        units.retain(|unit| E::is_of(unit, &self.options.id));
        Ok(units)
    }

    /// The launches on record, and whether the outcome of each is.
    fn records(&self) -> Result<BTreeMap<String, bool>> {
        let folder = self.options.state_folder.as_deref().unwrap_or(Path::new("."));
        let failed = |error: &dyn fmt::Display| Failure::new("read the journal", error.to_string());
        // A copy: what a kill has left is for the next manager to mend.
        let copy = folder.with_extension("journal");
        fs::copy(folder.join("journal.redb"), &copy).map_err(|error| failed(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| failed(&error))?;
        let entries = runtime.block_on(async { RedbJournal::open(&copy)?.load().await });
        let entries = entries.map_err(|error| failed(&error))?;
        Ok(entries.into_iter().map(|entry| (entry.launch.id.to_string(), entry.settled.is_some())).collect())
    }

    /// At what moment a manager that is dead by now was killed.
    fn moment(&self, manager: &Manager) -> Result<Fell> {
        let records = self.records()?;
        let calls = self.stack.cloud.proxy.calls_of(E::LAUNCHES);
        let called: BTreeSet<String> =
            calls.iter().filter(|call| !call.units.is_empty()).filter_map(|call| Some(E::launch_in(call)?.0)).collect();
        let decided = manager.log().lines_with(&["starting units"]);
        let decided = decided.iter().filter_map(|line| line.split("launch=").nth(1)?.split(' ').next());
        let moment = |launch: &str| match (records.get(launch), called.contains(launch)) {
            (None, false) => Fell::BeforeJournal,
            (Some(false), false) => Fell::BeforeCall,
            (Some(false), true) => Fell::BeforeSettling,
            // A launch whose units have all gone is forgotten.
            (Some(true), _) | (None, true) => Fell::Elsewhere,
        };
        Ok(decided.map(moment).min().unwrap_or(Fell::Elsewhere))
    }

    /// Units beyond what a launch asked for, and beyond what was ever wanted.
    fn duplicate(&self) -> Result<usize> {
        let calls = self.stack.cloud.proxy.calls_of(E::LAUNCHES);
        let asked: BTreeMap<String, usize> = calls.iter().filter_map(E::launch_in).collect();
        let mut came: BTreeMap<String, usize> = BTreeMap::new();
        for unit in self.stack.cloud.emulator.ever()? {
            *came.entry(E::launch_of(&unit).unwrap_or_default()).or_default() += 1;
        }
        let beyond = came.iter().map(|(launch, came)| came.saturating_sub(asked.get(launch).copied().unwrap_or(0)));
        Ok(beyond.sum::<usize>() + self.peak.saturating_sub(self.most_wanted as usize))
    }
}

fn length(log: &LogFile) -> u64 {
    fs::metadata(log.path()).map_or(0, |metadata| metadata.len())
}

/// Whether these words stand in a log after its first `known` bytes.
fn says(log: &LogFile, known: u64, words: &[u8]) -> bool {
    if length(log) == known {
        return false;
    }
    let mut new = Vec::new();
    let read = File::open(log.path()).and_then(|mut file| {
        file.seek(SeekFrom::Start(known))?;
        file.read_to_end(&mut new)
    });
    read.is_ok() && new.windows(words.len()).any(|part| part == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(temporary: Option<usize>) -> String {
        let story = String::new();
        let kill = Kill { seed: 0, fell: Fell::Elsewhere, is_settled: true, leaked: 0, duplicate: 0, temporary, story };
        KillTally(vec![kill; 50]).to_string()
    }

    #[test]
    fn temporary_resources_are_told_where_there_can_be_any() {
        let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        assert_eq!(first_line(&tally(None)), "50/50 settled, leaked 0, duplicate 0");
        assert_eq!(first_line(&tally(Some(0))), "50/50 settled, leaked 0, duplicate 0, temporary resources 0");
        assert_eq!(first_line(&tally(Some(1))), "50/50 settled, leaked 0, duplicate 0, temporary resources 50");
    }
}
