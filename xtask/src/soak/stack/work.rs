//! The run itself: load, kills and looks, until the time is over; then everything goes.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use scaler_wm_tests::{
    Client, EcsStack, EcsStackOptions, EmulatorOptions, Failure, Proc, Result, StackOptions, is_interrupted,
    with_connection_to,
};

use super::load::{Load, Wave};
use super::managers::{self, Managed};
use super::seen::Look;
use super::victims::{ROUND, Victim, Victims};

/// Between two turns of the loop.
const TURN: Duration = Duration::from_millis(100);
/// Seconds between two looks, and between two lines.
const LOOK: f64 = 2.0;
const LINE: f64 = 10.0;
/// Seconds between two kills, on average; in a short run fewer, so that a round fits.
const KILL: f64 = 20.0;
/// So many seconds somebody who is to be killed, and is not there, is waited for.
const MISSING: f64 = 40.0;
/// A wave that takes longer than this many seconds hangs.
const HANGS: f64 = 240.0;
/// In so many seconds everything must have gone when there is nothing to do.
const SETTLES: f64 = 120.0;

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Seconds since the beginning, and a look at each manager that answered.
    pub(super) looks: Vec<(f64, [Option<Look>; 3])>,
    /// What happened, and when.
    pub(super) events: Vec<(f64, String)>,
    /// When who was killed.
    pub(super) kills: Vec<(f64, Victim)>,
    pub(super) waves: usize,
    pub(super) tasks: u64,
    pub(super) wrong: usize,
    /// Waves that were asked for again, as their scheduler had gone.
    pub(super) anew: usize,
    /// Tasks that started more than once, of waves that record it: kills do that.
    pub(super) repeated: usize,
    pub(super) longest_wave: f64,
    /// Seconds until everything had gone when there was nothing to do any more.
    pub(super) settled: Option<f64>,
    /// Processes and units that were left at the end; `None` if that was not reached.
    pub(super) left: Option<usize>,
}

/// Tasks under way.
#[derive(Debug)]
struct Running {
    wave: Wave,
    client: Client,
    began: Instant,
}

/// A stack, its load, and who kills it.
#[derive(Debug)]
pub(super) struct Soak {
    stack: EcsStack,
    managers: [Managed; 3],
    load: Load,
    victims: Victims,
    random: Rng,
    /// Who is to be killed and was not there, and since when.
    missing: Option<(Victim, f64)>,
    seconds: f64,
    began: Instant,
    running: Option<Running>,
    /// When the next wave comes, and when the next kill, the next look and the next line.
    next: [f64; 4],
    seen: Seen,
}

const WAVE_AT: usize = 0;
const KILL_AT: usize = 1;
const LOOK_AT: usize = 2;
const LINE_AT: usize = 3;

impl Soak {
    pub(super) fn start(binary: &Path, seconds: f64, seed: u64) -> Result<Self> {
        let stack = EcsStack::start(EcsStackOptions {
            stack: StackOptions {
                policy: managers::policy(),
                scheduler_arguments: ["--policy-engine-type", "waterfall_v1"].map(str::to_owned).into(),
                ..StackOptions::default()
            },
            emulator: EmulatorOptions::default(),
        })?;
        let mut soak = Self {
            stack,
            managers: managers::all(binary)?,
            load: Load::new(seed),
            victims: Victims::new(seed),
            random: Rng::with_seed(seed),
            missing: None,
            seconds,
            began: Instant::now(),
            running: None,
            next: [0.0, 0.0, 0.0, LINE],
            seen: Seen::default(),
        };
        soak.next[KILL_AT] = soak.until_next_kill();
        Ok(soak)
    }

    /// What was seen so far.
    pub(super) fn seen(&self) -> Seen {
        self.seen.clone()
    }

    /// All of it.
    pub(super) fn run(&mut self) -> Result<()> {
        while self.now() < self.seconds || self.running.is_some() {
            if is_interrupted() {
                return Err(Failure::new("run the soak to its end", "interrupted"));
            }
            self.turn()?;
            thread::sleep(TURN);
        }
        self.end()
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Whether it is time for something; the next time is `after` seconds later.
    fn is_due(&mut self, what: usize, after: f64) -> bool {
        let now = self.now();
        let is_due = now >= self.next[what];
        if is_due {
            self.next[what] = now + after;
        }
        is_due
    }

    fn turn(&mut self) -> Result<()> {
        self.managers.iter_mut().try_for_each(|managed| managed.mind(&self.stack))?;
        if self.is_due(LOOK_AT, LOOK) {
            let looks = self.managers.each_ref().map(Managed::look);
            self.seen.looks.push((self.now(), looks));
        }
        self.work()?;
        if self.now() < self.seconds && self.now() >= self.next[KILL_AT] {
            self.next[KILL_AT] = self.now() + self.until_next_kill();
            self.kill()?;
        }
        if self.is_due(LINE_AT, LINE) {
            println!("{}", self.line());
        }
        Ok(())
    }

    /// Begins a wave, or sees to its end.
    fn work(&mut self) -> Result<()> {
        let Some(mut running) = self.running.take() else {
            if self.now() >= self.next[WAVE_AT] && self.now() < self.seconds {
                let wave = self.load.wave();
                self.begin(wave)?;
            }
            return Ok(());
        };
        let took = running.began.elapsed().as_secs_f64();
        if running.client.exited().is_none() {
            let what = format!("the end of {}", running.wave.words);
            self.running = Some(running);
            return self.stack.check(took < HANGS, &what, format!("it did not come within {HANGS} s"));
        }
        let finished = running.client.finish(1.0).map_err(|failure| self.stack.explain(failure))?;
        self.seen.waves += 1;
        self.seen.tasks += finished.done;
        self.seen.repeated += running.client.starts().repeated().len();
        self.seen.longest_wave = self.seen.longest_wave.max(took);
        self.seen.wrong += usize::from(!finished.right);
        self.next[WAVE_AT] = self.now() + self.load.pause().as_secs_f64();
        self.happened(format!("{} done in {took:.1} s", running.wave.words));
        self.stack.check(finished.right, "right results", format!("{}: {finished:?}", running.wave.words))
    }

    fn begin(&mut self, wave: Wave) -> Result<()> {
        let client = self.stack.client(&wave.script)?;
        self.happened(format!("wave {}: {}", self.seen.waves + 1, wave.words));
        self.running = Some(Running { wave, client, began: Instant::now() });
        Ok(())
    }

    fn until_next_kill(&mut self) -> f64 {
        // The last tenth of a short run is without.
        let mean = (self.seconds * 0.9 / ROUND as f64).min(KILL);
        mean * (0.7 + 0.6 * self.random.f64())
    }

    fn kill(&mut self) -> Result<()> {
        let (victim, since) = match self.missing.take() {
            Some(missing) => missing,
            None => (self.victims.next(self.now() > self.seconds / 3.0), self.now()),
        };
        let is_killed = match victim {
            Victim::Worker => self.one_of(|soak| soak.workers()),
            Victim::Unit => {
                // One that does not answer at once has nothing to be killed.
                let unit = self.random.choice(self.stack.units().unwrap_or_default());
                unit.iter().for_each(|unit| self.stack.cloud.emulator.kill_unit(unit));
                unit.is_some()
            }
            Victim::Helper => self.one_of(|soak| {
                let processes = soak.managers.iter().filter_map(|managed| managed.process.as_ref());
                processes.filter_map(scaler_wm_tests::Manager::helper).collect()
            }),
            Victim::Kept | Victim::Local | Victim::Cloud => {
                self.managers.iter_mut().filter(|managed| managed.victim == victim).any(Managed::kill)
            }
            Victim::Scheduler => {
                self.stack.stack.kill_scheduler()?;
                self.stack.stack.start_scheduler()?;
                true
            }
        };
        if !is_killed {
            // Load comes and goes, and with it workers: they may be there a little later.
            if self.now() - since < MISSING {
                self.missing = Some((victim, since));
                self.next[KILL_AT] = self.now() + 1.0;
            } else {
                self.happened(format!("nothing to be killed: {}", victim.words()));
            }
            return Ok(());
        }
        self.seen.kills.push((self.now(), victim));
        self.happened(format!("killed {}", victim.words()));
        if victim == Victim::Scheduler
            && let Some(Running { wave, .. }) = self.running.take()
        {
            // What it waited for nobody knows any more: it goes, and the next one asks anew.
            self.seen.anew += 1;
            self.begin(wave)?;
        }
        Ok(())
    }

    /// Kills one of these at random.
    fn one_of(&mut self, whom: impl Fn(&Self) -> Vec<Proc>) -> bool {
        let chosen = self.random.choice(whom(self));
        chosen.iter().for_each(Proc::kill);
        chosen.is_some()
    }

    /// Local workers: whatever came of managers and is connected, but for the managers themselves.
    fn workers(&self) -> Vec<Proc> {
        let managers = self.managers.iter().filter_map(|managed| Some(managed.process.as_ref()?.pid()));
        let managers: Vec<i32> = managers.collect();
        let mut workers = self.stack.stack.manager_processes();
        workers.retain(|process| !managers.contains(&process.pid));
        with_connection_to(self.stack.stack.ports().scheduler, workers)
    }

    fn happened(&mut self, what: String) {
        println!("{}  {what}", clock(self.now()));
        self.seen.events.push((self.now(), what));
    }

    fn line(&self) -> String {
        let mut text = format!("{} of {}  ", clock(self.now()), clock(self.seconds));
        if let Some(Running { client, .. }) = &self.running {
            text.push_str(&format!("{} results of wave {}; ", client.done(), self.seen.waves + 1));
        }
        let looks = self.seen.looks.last().map(|(_, looks)| *looks).unwrap_or_default();
        for (managed, look) in self.managers.iter().zip(looks) {
            text.push_str(&match look {
                Some(Look { resident, descriptors, wanted, there, .. }) => {
                    let wanted = wanted.map_or_else(|| "?".to_owned(), |wanted| wanted.to_string());
                    let megabytes = resident as f64 / 1e6;
                    format!("{} {there} of {wanted}, {megabytes:.1} MB, {descriptors} open; ", managed.name)
                }
                None => format!("{} is away; ", managed.name),
            });
        }
        let mut kills: BTreeMap<Victim, usize> = BTreeMap::new();
        self.seen.kills.iter().for_each(|(_, victim)| *kills.entry(*victim).or_default() += 1);
        text.push_str(&format!("{} waves, {} kills", self.seen.waves, kills.values().sum::<usize>()));
        text
    }

    /// Nothing is to be done any more: workers go, then managers, and nothing is left.
    fn end(&mut self) -> Result<()> {
        self.happened("no more work: everything is to go".to_owned());
        let began = self.now();
        loop {
            self.managers.iter_mut().try_for_each(|managed| managed.mind(&self.stack))?;
            let looks = self.managers.each_ref().map(Managed::look);
            let has_gone = looks.iter().all(|look| look.is_some_and(|look| look.there == 0));
            self.seen.looks.push((self.now(), looks));
            if has_gone && self.workers().is_empty() {
                break;
            }
            let took = self.now() - began;
            self.stack.check(
                took < SETTLES && !is_interrupted(),
                "all workers go",
                format!("{looks:?} after {took:.0} s"),
            )?;
            thread::sleep(Duration::from_secs_f64(LOOK));
        }
        self.seen.settled = Some(self.now() - began);
        self.managers.iter_mut().try_for_each(|managed| managed.end(&self.stack))?;
        // Helpers that wait for the next manager wait for 15 s.
        let gone = self.stack.stack.until_nothing_left(60.0).and_then(|()| self.stack.until_nothing_left(30.0));
        let units = self.stack.units()?.len();
        self.seen.left = Some(self.stack.stack.manager_processes().len() + self.workers_of_units() + units);
        gone
    }

    fn workers_of_units(&self) -> usize {
        self.stack.cloud.emulator.units().len()
    }
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousand seconds")]
    let seconds = seconds as u64;
    format!("{:>3}:{:02}", seconds / 60, seconds % 60)
}
