//! Hand-backs as they are seen from outside: in the logs of the managers and of the scheduler.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{LogFile, Manager, SchedulerLog, Start, Starts, WorkerEvent, now};

/// Within so many seconds of a relieved worker's leaving one of its tasks must start elsewhere.
const GAIN_WITHIN: f64 = 1.0;
/// By how much a line may be noticed too late: logs are looked at every 10 ms, on a busy machine.
const NOTICED_LATE: f64 = 0.1;
/// Words of a manager's line about a worker that is to hand back.
const ASKED: [&str; 2] = ["asking a unit", "holds more than its share"];

/// When things were seen from outside: the scheduler's log tells whole seconds only.
#[derive(Default)]
pub(crate) struct Watch {
    /// Workers that were asked to hand back: how often, and when the last time.
    asked: HashMap<String, (usize, f64)>,
    /// Workers from which the scheduler's own balancing took tasks: how often, and when the last time.
    balanced: HashMap<String, (usize, f64)>,
    /// Workers that left.
    gone: HashMap<String, f64>,
}

impl Watch {
    pub(crate) fn look(&mut self, scheduler: &SchedulerLog, managers: &[Manager]) {
        let now = now();
        let see = |seen: &mut (usize, f64), times: usize| {
            if times > seen.0 {
                *seen = (times, now);
            }
        };
        let mut asked: HashMap<String, usize> = HashMap::new();
        for line in managers.iter().flat_map(|manager| manager.log().lines_with(&ASKED)) {
            if let Some(worker) = field(&line, "unit=") {
                *asked.entry(worker).or_default() += 1;
            }
        }
        for (worker, times) in asked {
            let balanced = scheduler.file().lines_with(&["balancing task", &worker]).len();
            see(self.balanced.entry(worker.clone()).or_default(), balanced);
            see(self.asked.entry(worker).or_default(), times);
        }
        for event in scheduler.events() {
            if let WorkerEvent::Gone(id) = event {
                self.gone.entry(id).or_insert(now);
            }
        }
    }

    /// How a worker that was asked left, if it did.
    pub(crate) fn left(&self, worker: &str, scheduler: &SchedulerLog, managers: &[Manager]) -> Option<Leaving> {
        let (at, (_, asked)) = (*self.gone.get(worker)?, *self.asked.get(worker)?);
        let moved = moved_from(scheduler, worker);
        // Both lines may be noticed in the same look, or in the wrong order.
        let is_balanced = self.balanced.get(worker).is_some_and(|(_, balanced)| *balanced > asked - NOTICED_LATE);
        Some(Leaving { asked, at, moved, is_overtaken: moved == 0 && is_balanced, pid: pid_of(managers, worker) })
    }
}

/// What the managers say about taking work back.
pub(crate) struct HandBacks {
    /// Workers more that were started.
    pub(crate) spares: usize,
    /// Workers that were asked.
    pub(crate) asked: usize,
    /// Those that agreed.
    pub(crate) accepted: Vec<String>,
}

impl HandBacks {
    pub(crate) fn of(managers: &[Manager]) -> Self {
        let lines = |words: &[&str]| -> Vec<String> {
            managers.iter().flat_map(|manager| manager.log().lines_with(words)).collect()
        };
        let mut accepted: Vec<String> = Vec::new();
        for line in lines(&["a unit answered", "Accepted"]) {
            let Some(unit) = field(&line, "unit=") else { continue };
            if line.contains("how=Relieve") {
                accepted.push(unit);
            } else if line.contains("how=Resume") {
                // Nothing would be gained any more: it goes on.
                accepted.retain(|other| *other != unit);
            }
        }
        Self { spares: lines(&["load is uneven"]).len(), asked: lines(&ASKED).len(), accepted }
    }
}

/// The value of a field of one of our own log lines.
fn field(line: &str, name: &str) -> Option<String> {
    line.split(' ').find_map(|word| word.strip_prefix(name)).map(str::to_owned)
}

/// How many tasks the scheduler took back from a worker that left.
fn moved_from(scheduler: &SchedulerLog, worker: &str) -> usize {
    let lines = scheduler.file().lines_with(&[worker, "task(s)"]);
    let number = |line: &String| line.split(" task(s)").next()?.rsplit(' ').next()?.parse::<usize>().ok();
    lines.iter().filter_map(number).sum()
}

/// One task's submission.
pub(crate) struct Submission {
    at: f64,
    is_plain: bool,
}

/// The submission of each task.
pub(crate) fn submissions(starts: &Starts) -> BTreeMap<u64, Submission> {
    let file = LogFile::new(starts.path().with_extension("submitted"));
    let parse = |line: &str| {
        let mut fields = line.split(' ');
        let (task, at, priority) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?, fields.next()?);
        Some((task, Submission { at, is_plain: priority == "0" }))
    };
    file.text().lines().filter_map(parse).collect()
}

/// A worker's process id.
fn pid_of(managers: &[Manager], worker: &str) -> Option<i32> {
    let lines = managers.iter().flat_map(|manager| manager.log().lines_with(&["a worker process runs", worker]));
    lines.last().and_then(|line| field(&line, "pid=")?.parse().ok())
}

/// A relieved worker's leaving.
pub(crate) struct Leaving {
    asked: f64,
    at: f64,
    /// Tasks that the scheduler gave elsewhere then.
    pub(crate) moved: usize,
    /// The scheduler's balancing took all that waited while it finished its last task.
    pub(crate) is_overtaken: bool,
    pid: Option<i32>,
}

/// What came of a hand-back for the tasks that waited.
pub(crate) enum Gain {
    /// One of them started elsewhere soon.
    Soon,
    /// Work that was submitted only after the question came first on the others.
    Crowded,
    /// None, and this was seen.
    None(String),
}

impl Leaving {
    /// Which tasks it held is not known; but the others were idle when it was asked, so what starts on them now and was
    /// submitted before was held by it.
    pub(crate) fn gain(&self, starts: &Starts, submitted: &BTreeMap<u64, Submission>) -> Gain {
        let starts = starts.all();
        let submitted_at = |start: &Start| submitted.get(&start.task).map_or(f64::INFINITY, |task| task.at);
        if self.moved == 0 && !self.is_overtaken {
            return Gain::None("it left with no task".to_owned());
        }
        if let Some(tasks) = self.worked_off(&starts, submitted) {
            return Gain::None(format!("after it was asked it still started the tasks {tasks:?}"));
        }
        // What the scheduler's balancing takes from it starts while it still finishes its last task.
        let from = self.at - if self.is_overtaken { GAIN_WITHIN } else { NOTICED_LATE };
        let elsewhere = || starts.iter().filter(|start| start.at > from && Some(start.worker) != self.pid);
        let waited = elsewhere().filter(|start| submitted_at(start) < self.at);
        let next = waited.map(|start| start.at - self.at).fold(f64::INFINITY, f64::min);
        let until = self.at + GAIN_WITHIN;
        let mut since_asked = starts.iter().filter(|start| start.at > self.asked && start.at < until);
        if next <= GAIN_WITHIN {
            Gain::Soon
        } else if since_asked.any(|start| submitted_at(start) > self.asked && Some(start.worker) != self.pid) {
            Gain::Crowded
        } else {
            Gain::None(format!("of {} tasks the next one started after {next:.2} s", self.moved))
        }
    }

    /// Tasks that nobody waits for and that it started although it had been asked; only what a running task may wait for
    /// is to be let through. One per processor is none of them: it was given one and suspended before it could begin.
    fn worked_off(&self, starts: &[Start], submitted: &BTreeMap<u64, Submission>) -> Option<Vec<u64>> {
        let mut started: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
        for start in starts.iter().filter(|start| Some(start.worker) == self.pid) {
            let is_plain = submitted.get(&start.task).is_some_and(|task| task.is_plain);
            if is_plain && start.at > self.asked + NOTICED_LATE {
                started.entry(start.processor).or_default().push(start.task);
            }
        }
        started.into_values().find(|tasks| tasks.len() > 1)
    }
}

/// The most workers with the same first part of their names that were connected at one time.
pub(crate) fn peak_of_one_manager(scheduler: &SchedulerLog) -> usize {
    let mut connected: HashSet<String> = HashSet::new();
    let mut peak = 0;
    for event in scheduler.events() {
        match event {
            WorkerEvent::Connected(id) => {
                let whose = id.split('|').next().unwrap_or_default().to_owned();
                connected.insert(id);
                let is_theirs = |id: &&String| id.split('|').next() == Some(&whose);
                peak = peak.max(connected.iter().filter(is_theirs).count());
            }
            WorkerEvent::Gone(id) => {
                connected.remove(&id);
            }
        }
    }
    peak
}
