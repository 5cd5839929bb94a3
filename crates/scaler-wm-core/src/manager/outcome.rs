//! What came of the calls.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tracing::{debug, info, warn};

use super::{
    Manager,
    fleet::{Fleet, Noted},
    tracked::Departed,
};
use crate::{
    Chain, Error, ErrorKind, ExitCause, LaunchId, Launched, Observed, Result, Settled, Stop, StopAnswer, Tier,
    Timestamp, Unit, UnitId, UnitState, control::Happening,
};

/// How long a tier without capacity is left alone.
const TIER_RESTS: Duration = Duration::from_secs(180);
/// A look that is asked for so much later is surely younger.
pub(super) const YOUNGER: Duration = Duration::from_millis(1);
/// A unit that ends by itself sooner than this has failed, whatever its exit code says.
const TOO_SOON: Duration = Duration::from_secs(10);

/// What came of a call to the provider.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A launch.
    Launched { id: LaunchId, outcome: Result<Launched> },
    /// A launch was not called, since it could not be recorded.
    NotRecorded { id: LaunchId, error: Error },
    /// A question to some units.
    Stopped { how: Stop, asked: Vec<UnitId>, answers: Vec<(UnitId, Result<StopAnswer>)> },
    /// A look at the infrastructure.
    Observed { asked_at: Timestamp, observed: Result<Observed> },
}

/// Which kind of call failed: each kind that works again is told by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Launch,
    Stop,
    Observe,
}

/// Failures, so that each cause is told once and not at every try.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    fatal: Option<Error>,
    told: HashMap<(Call, &'static str, ErrorKind), u32>,
    /// What failed last, in words.
    last: String,
}

impl Trouble {
    pub(super) fn take_fatal(&mut self) -> Option<Error> {
        self.fatal.take()
    }

    /// What failed last, in words.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// Tells a cause the first time it appears since the last success; counts it otherwise. Whether it was told.
    fn tell(&mut self, call: Call, error: &Error, wait: Duration) -> bool {
        let count = self.told.entry((call, error.operation(), error.kind())).or_default();
        *count += 1;
        let (error, wait_seconds) = (Chain(error), wait.as_secs_f64());
        if *count == 1 {
            warn!(%error, wait_seconds, "will try again");
        } else {
            debug!(%error, wait_seconds, tries = *count, "will try again");
        }
        *count == 1
    }

    /// A call of this kind has worked.
    fn over(&mut self, call: Call) {
        for ((_, operation, _), failures) in self.told.extract_if(|(told, ..), _| *told == call) {
            info!(failures, "works again: {operation}");
        }
    }
}

impl Call {
    const fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Stop => "stop",
            Self::Observe => "observe",
        }
    }
}

impl Manager {
    /// A call failed, and is tried again after `wait`.
    fn call_failed(&mut self, call: Call, error: &Error, wait: Duration) {
        let (kind, words) = (error.kind(), Chain(error).to_string());
        self.seat.meters().note(|figures| *figures.failures.entry((call.name(), kind)).or_default() += 1);
        if self.trouble.tell(call, error, wait) {
            let what = Happening::CallFailed { call: call.name(), kind, error: words.clone(), wait };
            self.happened(what, self.clock.now());
        }
        self.trouble.last = words;
    }

    pub(super) fn settle(&mut self, outcome: Outcome) {
        let now = self.clock.now();
        match outcome {
            Outcome::Launched { id, outcome: Ok(launched) } => self.launched(&id, launched, now),
            Outcome::Launched { id, outcome: Err(error) } => self.launch_failed(&id, error, now),
            Outcome::NotRecorded { id, error } => {
                self.launches.settled(&id);
                self.end("the journal cannot be written");
                self.trouble.fatal = Some(error);
            }
            Outcome::Stopped { how, asked, answers } => self.answered(how, &asked, answers, now),
            Outcome::Observed { asked_at, observed } => {
                self.observing.is_under_way = false;
                match observed {
                    Ok(observed) => {
                        self.trouble.over(Call::Observe);
                        self.observed(observed, asked_at, now);
                    }
                    // Nothing can be done without a first look, and this one will never be allowed.
                    Err(error) if error.kind().is_fatal() && self.has_never_looked() => self.end_for(error),
                    Err(error) => self.call_failed(Call::Observe, &error, self.provider.info().observe_every),
                }
            }
        }
    }

    fn launched(&mut self, id: &LaunchId, launched: Launched, now: Timestamp) {
        let Launched { units, receipt, failed } = launched;
        if receipt.is_some() || self.launches.is_uncertain(id) {
            // Units of a call that was repeated, or that took long, may have come meanwhile, and gone.
            self.observing.after = Some(now);
            self.look_at(now + YOUNGER);
        }
        let ids: Vec<UnitId> = units.iter().map(|unit| unit.id.clone()).collect();
        for unit in units {
            self.note(unit, now);
        }
        if let Some(receipt) = receipt {
            self.launches.awaited(id, receipt.clone());
            let (journal, id) = (Arc::clone(&self.journal), id.clone());
            self.record("a receipt", async move { journal.receipt(&id, &receipt).await });
        } else {
            let asked = self.launches.settled(id).map(|launch| (launch.count.get(), launch.tier));
            let came = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            let (count, tier) = asked.unwrap_or((came, Tier::default()));
            self.close(id, Settled { units: ids, missing: count.saturating_sub(came) });
            if failed.is_empty() {
                self.trouble.over(Call::Launch);
            }
            for error in failed {
                self.failed(error, &tier, now);
            }
        }
    }

    fn launch_failed(&mut self, id: &LaunchId, error: Error, now: Timestamp) {
        let stays_open = self.provider.info().idempotent && leaves_open(error.kind(), self.launches.is_uncertain(id));
        let at_least = error.retry_after().unwrap_or_default();
        if stays_open && let Some(wait) = self.launches.unknown(id, at_least, now) {
            self.call_failed(Call::Launch, &error, wait);
            return;
        }
        let was_adopted = self.launches.is_adopted(id);
        let Some(launch) = self.launches.settled(id) else { return };
        if was_adopted && error.kind().is_fatal() {
            // What an earlier process wanted, with the settings of then, is no reason to end this one.
            warn!(launch = %id, error = %Chain(&error), "an open launch of an earlier process is given up");
            self.close(id, Settled { units: Vec::new(), missing: launch.count.get() });
            return;
        }
        self.close(id, Settled { units: Vec::new(), missing: launch.count.get() });
        self.failed(error, &launch.tier, now);
    }

    /// Launches of which nobody knows what came, and whose tokens may be forgotten by now: called again they might be
    /// carried out again.
    pub(super) fn give_up_old_launches(&mut self, now: Timestamp) {
        let info = self.provider.info();
        let can_list = info.lists_foreign_units;
        for launch in self.launches.take_too_old(info, now) {
            let (id, units, age_seconds) = (&launch.id, launch.count, now.since(launch.at).as_secs_f64());
            if can_list {
                warn!(launch = %id, units, age_seconds, "a launch is too old to be repeated: looks tell what came of it");
            } else {
                warn!(
                    launch = %id, units, age_seconds,
                    "a launch is too old to be repeated, nobody knows what came of it, and units that nobody has on record \
                     cannot be listed here: see what is there, and end what is too much"
                );
            }
            self.close(id, Settled { units: Vec::new(), missing: units.get() });
            // What takes its place has to wait as after a failure.
            self.retries.wait_already();
            self.retries.failed(now);
        }
    }

    /// Nothing of some units came: when to try again, if ever.
    pub(super) fn failed(&mut self, error: Error, tier: &Tier, now: Timestamp) {
        // What worked before may work again: the units that are there are not to go for it.
        if error.kind().is_fatal() && self.summary.started == 0 {
            self.end_for(error);
            return;
        }
        if error.kind() == ErrorKind::NoCapacity {
            let rest = error.retry_after().unwrap_or(TIER_RESTS);
            self.retries.rest(tier, now + rest);
            self.call_failed(Call::Launch, &error, rest);
            return;
        }
        // A launch that failed says more than a unit that died: the first failure waits already.
        self.retries.wait_already();
        let wait = self.retries.failed(now).max(error.retry_after().unwrap_or_default());
        self.retries.wait_until(now + wait);
        self.call_failed(Call::Launch, &error, wait);
    }

    /// No retry can help.
    fn end_for(&mut self, error: Error) {
        self.end(&Chain(&error).to_string());
        self.trouble.fatal.get_or_insert(error);
    }

    fn answered(&mut self, how: Stop, asked: &[UnitId], answers: Vec<(UnitId, Result<StopAnswer>)>, now: Timestamp) {
        let is_done = |answer: &Result<StopAnswer>| matches!(answer, Ok(StopAnswer::Accepted));
        if how == Stop::Now && answers.iter().all(|(_, answer)| is_done(answer)) {
            self.trouble.over(Call::Stop);
        }
        let mut answers: HashMap<UnitId, Result<StopAnswer>> = answers.into_iter().collect();
        for unit in asked {
            let answer = match answers.remove(unit) {
                Some(Ok(answer)) => Some(answer),
                // It is gone, which observation will say.
                Some(Err(error)) if error.kind() == ErrorKind::NotFound => None,
                Some(Err(error)) => {
                    self.call_failed(Call::Stop, &error, Duration::from_secs(1));
                    None
                }
                None => None,
            };
            debug!(%unit, ?how, ?answer, "a unit answered");
            self.fleet.answered(unit, how, answer, now);
        }
        self.observing.is_wanted = true;
    }

    fn observed(&mut self, observed: Observed, asked_at: Timestamp, now: Timestamp) {
        for unit in observed.units {
            self.note(unit, now);
        }
        let lag = self.provider.info().list_lag;
        for departed in self.fleet.remove_missing(asked_at, lag, now) {
            self.departed(&departed, now);
        }
        for (id, settled) in observed.settled {
            if self.launches.settled(&id).is_some() {
                self.close(&id, settled);
            }
        }
        if let Some(mut recalled) = self.recalled.take() {
            recalled.looked();
            match self.may_be_hidden(&recalled, asked_at) {
                Some(until) => {
                    self.recalled = Some(recalled);
                    self.look_at(until);
                }
                None => self.compare(recalled, now),
            }
        }
    }

    fn note(&mut self, unit: Arc<Unit>, now: Timestamp) {
        let (id, launch) = (unit.id.clone(), unit.launch.clone());
        if let (UnitState::Gone(_), Some(recalled)) = (&unit.state, &mut self.recalled) {
            recalled.has_ended(&unit.id);
        }
        match self.fleet.note(unit, now) {
            Noted::Nothing => {}
            // It died while no process of this manager was there to tell.
            Noted::Ghost(unit, exit) if exit.sure && !exit.asked => {
                let workers = Fleet::workers_of(&unit, &self.wants.load);
                // Those whose workers are long forgotten are no news.
                if !workers.is_empty() {
                    info!(unit = %unit.id, %exit, "a unit of an earlier process has died");
                }
                workers.into_iter().for_each(|worker| self.link.worker_gone(worker));
            }
            Noted::Ghost(..) => {}
            Noted::New => {
                self.summary.started += 1;
                self.happened(Happening::UnitStarted { unit: id, launch }, now);
                self.seat.meters().note(|figures| figures.units_started += 1);
                self.wants.started_once = self.wants.started_once.saturating_add(1);
            }
            Noted::Gone(departed) => self.departed(&departed, now),
        }
    }

    /// The outcome of a launch is known: on record until its units are gone.
    fn close(&self, id: &LaunchId, settled: Settled) {
        let is_over = self.fleet.count_of(id) == 0;
        let (journal, id, now) = (Arc::clone(&self.journal), id.clone(), self.clock.now());
        self.record("the outcome of a launch", async move {
            if is_over { journal.forget(&[id]).await } else { journal.settle(&id, &settled, now).await }
        });
    }

    fn departed(&mut self, departed: &Departed, now: Timestamp) {
        let Departed { unit, exit, age, was_asked, tasks } = departed;
        self.summary.ended += 1;
        let gone =
            Happening::UnitGone { unit: unit.id.clone(), exit: exit.to_string(), asked: *was_asked, tasks: *tasks };
        self.happened(gone, now);
        let cut_off = *was_asked && *tasks > 0 && exit.sure && is_cut_off(exit);
        self.seat.meters().note(|figures| {
            figures.units_ended += 1;
            figures.units_died += u64::from(!*was_asked);
            figures.units_cut_off += u64::from(cut_off);
        });
        let is_released = self.wants.up_since.is_none();
        let age_seconds = age.as_secs_f64();
        if *was_asked {
            if cut_off {
                self.summary.cut_off += 1;
                warn!(unit = %unit.id, tasks, "a unit was ended with tasks in it: they run again elsewhere");
            } else {
                info!(unit = %unit.id, %exit, age_seconds, "a unit left");
            }
        } else if unit.notice.is_some() {
            info!(unit = %unit.id, %exit, age_seconds, tasks, "a unit was taken from us");
        } else if let ExitCause::NoCapacity(reason) = &exit.cause {
            self.failed(Error::new(ErrorKind::NoCapacity, "start a unit", reason.as_str()), &unit.tier, now);
        } else if is_released && !is_cut_off(exit) {
            info!(unit = %unit.id, %exit, "a unit left, as its scheduler has gone");
        } else if exit.is_crash() || *age < TOO_SOON {
            // One more of what did not fit would not fit either: already the first such end waits.
            if exit.cause == ExitCause::OutOfMemory {
                self.retries.wait_already();
            }
            let wait = self.retries.failed(now);
            warn!(unit = %unit.id, %exit, age_seconds, tasks, wait_seconds = wait.as_secs_f64(), "a unit died");
        } else {
            info!(unit = %unit.id, %exit, age_seconds, "a unit left by itself");
        }
        if exit.sure {
            for worker in Fleet::workers_of(unit, &self.wants.load) {
                self.link.worker_gone(worker);
            }
        }
        self.link.nudge();
        if let Some(launch) = &unit.launch
            && self.fleet.count_of(launch) == 0
            && !self.launches.contains(launch)
        {
            let (journal, launch) = (Arc::clone(&self.journal), launch.clone());
            self.record("the end of a launch", async move { journal.forget(&[launch]).await });
        }
    }
}

/// Whether what it did was cut off, not brought to an end.
const fn is_cut_off(exit: &crate::Exit) -> bool {
    matches!(exit.cause, ExitCause::Signal(_) | ExitCause::OutOfMemory | ExitCause::Lost(_))
}

/// Whether a launch that failed in this way may have brought, or may still bring, units: it is repeated then, which is
/// the same request. Where that is not safe, what came of it is left to observation.
const fn leaves_open(kind: ErrorKind, was_uncertain: bool) -> bool {
    // After a lost reply, an answer that comes before the infrastructure looks at the token says nothing about the
    // first call. No capacity is settled all the same, so that another tier gets its turn.
    kind.is_uncertain() || (was_uncertain && kind.is_retryable() && !matches!(kind, ErrorKind::NoCapacity))
}
