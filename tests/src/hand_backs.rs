//! Hand-backs as they are seen from outside: in the logs of the managers and of the scheduler.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{LogFile, Manager, SchedulerLog, Start, Starts, WorkerEvent};

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
        let is_balanced = self.balanced.get(worker).is_some_and(|(_, balanced)| *balanced > asked);
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
                // Nobody was idle any more: it goes on.
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

impl Leaving {
    /// Why nothing was gained by it, if that is so. Which tasks it held is not known; but the others were idle when it
    /// was asked, so what starts on them now and was submitted before was held by it.
    pub(crate) fn lacks_gain(&self, starts: &Starts, submitted: &BTreeMap<u64, Submission>) -> Option<String> {
        if self.moved == 0 && !self.is_overtaken {
            return Some("it left with no task".to_owned());
        }
        // Only what a running task may wait for is let through.
        let all = starts.all();
        // The first one may have been on its way to a processor that was still starting.
        let first = all.iter().find(|start| Some(start.worker) == self.pid).map(|start| start.task);
        let runs_on = |start: &&Start| {
            let is_plain = submitted.get(&start.task).is_some_and(|submitted| submitted.is_plain);
            is_plain
                && Some(start.worker) == self.pid
                && Some(start.task) != first
                && start.at > self.asked + NOTICED_LATE
        };
        if let Some(start) = all.iter().find(runs_on) {
            return Some(format!(
                "task {} started there {:.2} s after it was asked",
                start.task,
                start.at - self.asked
            ));
        }
        // What the scheduler's balancing takes from it starts while it still finishes its last task.
        let from = self.at - if self.is_overtaken { GAIN_WITHIN } else { NOTICED_LATE };
        let counts = |start: &&Start| {
            let is_older = submitted.get(&start.task).is_some_and(|submitted| submitted.at < self.at);
            is_older && start.at > from && Some(start.worker) != self.pid
        };
        let next = all.iter().filter(counts).map(|start| start.at - self.at).fold(f64::INFINITY, f64::min);
        (next > GAIN_WITHIN).then(|| format!("of {} tasks the next one started after {next:.2} s", self.moved))
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

/// Seconds since the epoch.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
