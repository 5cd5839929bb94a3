//! What must hold, whatever happens.

use std::{collections::VecDeque, fmt};

use scaler_wm_core::{
    Launch, LaunchId, Result, Stop, StopAnswer, Token, UnitId,
    manager::{Status, Summary},
    plan::Drain,
};

use super::world::World;

/// No unit has to be asked again so soon after a question that failed.
const ASKED_AGAIN_AFTER: u64 = 2_000;
/// Launches at more instants than this, in [`WINDOW`], are a storm: nine that are repeated by themselves come to 45.
const MOST_INSTANTS: usize = 60;
const WINDOW: u64 = 10_000;

/// A rule that a manager keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Never more units than the limit.
    Limit,
    /// Never more units than the budget pays for.
    Budget,
    /// Nothing is launched that is there, or may still come.
    NoDuplicate,
    /// A launch is on record before it is called.
    OnRecord,
    /// A launch is repeated as it was.
    SameLaunch,
    /// Launches that fail are repeated ever more seldom.
    BacksOff,
    /// No unit is ended while it is seen to be busy, before its time to finish is over.
    NotWhileBusy,
    /// Idle units go before busy ones.
    IdleFirst,
    /// No unit is launched while the scheduler is away.
    NotWhileAway,
    /// No worker is reported dead that lives.
    SurelyDead,
    /// Once nothing goes wrong any more, everything becomes as it is wanted.
    Converges,
    /// Once nothing is wanted, nothing is left: no unit, no record.
    NoLeak,
    /// A manager ends when it is told to, and only then, unless nothing can help.
    Ends,
}

/// A rule that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Milliseconds after the beginning.
    pub at: u64,
    /// How.
    pub words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "minutes of simulated time")]
        let seconds = self.at as f64 / 1e3;
        write!(f, "{:?} at {seconds:.3} s: {}", self.rule, self.words)
    }
}

/// What a process can know of a unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Its end has been told.
    pub(super) is_gone: bool,
    /// It was shown on its way out.
    pub(super) is_shown_leaving: bool,
    /// It has agreed to go, or to stand still.
    is_leaving: bool,
    /// It has agreed to hand its queue back, since it is not wanted.
    is_handing_back: bool,
    /// It has been told to end.
    is_ended: bool,
    /// It is being told to end.
    is_being_ended: bool,
    in_question: u32,
    asked_at: Option<u64>,
    /// When it was first asked to hand its queue back, in this drain.
    asked_back: Option<u64>,
    refused: Option<u64>,
    failed: Option<u64>,
}

impl Known {
    /// Whether the manager has to count it among those that stay.
    const fn stays(&self) -> bool {
        !(self.is_leaving || self.is_ended || self.is_being_ended)
    }
}

#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) violation: Option<Violation>,
    /// When launches were called of late.
    calls: VecDeque<u64>,
    /// Launches that were called.
    called: Vec<(LaunchId, Token)>,
    /// A busy unit was asked to go while these were idle, which have to be asked as well at the same instant.
    later: Vec<(u64, UnitId, Vec<UnitId>)>,
}

impl Judge {
    /// The process has gone, and what it was about to do.
    pub(super) fn process_ended(&mut self) {
        self.later.clear();
    }
}

impl World {
    /// A rule was not kept; the first such counts.
    pub(super) fn violated(&mut self, rule: Rule, words: String) {
        self.note(|| format!("! {rule:?}: {words}"));
        let at = self.now;
        self.judge.violation.get_or_insert(Violation { rule, at, words });
        self.life.stir();
    }

    /// Units that came have to be within the limit and the budget.
    pub(super) fn judge_new_units(&mut self) {
        let fresh = std::mem::take(&mut self.cloud.fresh);
        let Some(last) = fresh.last().cloned() else { return };
        self.note(|| format!("there are {}", fresh.iter().map(UnitId::as_str).collect::<Vec<_>>().join(" ")));
        let (now, began) = (self.now, self.life.began);
        let counts = |machine: &&super::cloud::Machine| {
            let known = self.life.known.get(&machine.id);
            // What the infrastructure takes is replaced while it goes; so is what goes without our knowing why.
            let is_taken = machine.notice.is_some()
                || machine.leaves.as_ref().is_some_and(|(since, ..)| {
                    *since < began || known.is_none_or(|known| !known.is_leaving && !known.is_ended)
                });
            // What came of a launch that was given up is known only when a list shows it, and more may be on order by then.
            let order = self.orders.get(&machine.launch);
            let is_unknown = known.is_none() && order.is_none_or(|order| order.is_closed);
            !is_taken && !is_unknown && !order.is_some_and(|order| order.is_given_up)
        };
        let there = self.cloud.existing(now).filter(counts).count();
        let there = u32::try_from(there).unwrap_or(u32::MAX);
        if there > self.setup.limit + self.setup.spare() {
            let words = format!("{there} units with {last}, {} are allowed", self.setup.limit);
            self.violated(Rule::Limit, words);
        }
        if let Some(budget) = self.setup.budget.filter(|budget| there > *budget) {
            self.violated(Rule::Budget, format!("{there} units with {last}, the budget pays for {budget}"));
        }
    }

    /// Units that are there and stay, as far as the manager can know, and those that launches may still bring.
    fn present(&self) -> u32 {
        let now = self.now;
        let ready = u64::try_from(self.setup.info().ready_within.as_millis()).unwrap_or(u64::MAX);
        let stays = |machine: &&super::cloud::Machine| {
            let is_overdue = !self.life.told_load.contains_key(&machine.id) && now - machine.made >= ready;
            self.life.known.get(&machine.id).is_some_and(Known::stays)
                && !machine.is_leaving()
                && !machine.hands_back
                && machine.notice.is_none()
                && !is_overdue
        };
        let there = u32::try_from(self.cloud.existing(now).filter(stays).count()).unwrap_or(u32::MAX);
        let open = self.orders.open().map(|order| {
            let made = self.cloud.made.get(&order.token).map_or(0, |made| made.units.len());
            order.count.get().saturating_sub(u32::try_from(made).unwrap_or(u32::MAX))
        });
        there + open.sum::<u32>()
    }

    /// A launch is planned.
    pub(super) fn judge_plan(&mut self, launch: &Launch) {
        if self.life.killed.is_some() {
            return;
        }
        self.note(|| format!("{} for {} units is planned", launch.id, launch.count));
        let Some(wanted) = self.life.told_wish.filter(|_| self.life.is_up) else {
            self.violated(Rule::NotWhileAway, format!("{} for {} units", launch.id, launch.count));
            return;
        };
        // A unit that cannot hand its queue back is left alone until it is idle, and nobody outside sees it.
        if !self.setup.hand_back {
            return;
        }
        let (present, count) = (self.present(), launch.count.get());
        let most = wanted.min(self.setup.limit);
        // One more, so that work can be spread, even while more are there than wanted.
        let is_spare = self.setup.spare() > 0 && count == 1 && self.life.told_load.values().any(|seen| seen.queued > 0);
        if present + count > most && !is_spare {
            let words = format!("{count} units more beside {present} that are there or may come, {wanted} are wanted");
            self.violated(Rule::NoDuplicate, words);
        }
    }

    /// A unit goes on after all.
    pub(super) fn judge_resumed(&mut self, unit: &UnitId, wanted: Option<u32>) {
        let most = wanted.into_iter().chain(self.life.told_wish).max();
        // Whoever stood still, or was relieved of its queue, goes on for other reasons; and who is taken goes all the same.
        let is_taken = self.cloud.machines.get(unit).is_some_and(|machine| machine.notice.is_some());
        let is_wanted_again = self.life.known.get(unit).is_some_and(|known| known.is_handing_back) && !is_taken;
        let Some(most) = most.filter(|_| self.life.is_up && is_wanted_again) else { return };
        let is_counted = self.life.known.get(unit).is_some_and(Known::stays);
        let present = self.present() + u32::from(!is_counted);
        if present > most.min(self.setup.limit) + self.setup.spare() {
            let words = format!("{unit} goes on, and makes it {present} that are there or may come, {most} are wanted");
            self.violated(Rule::NoDuplicate, words);
        }
    }

    /// A launch is called.
    pub(super) fn judge_call(&mut self, launch: &Launch) {
        let now = self.now;
        if !self.records.iter().any(|entry| entry.launch.id == launch.id) {
            self.violated(Rule::OnRecord, format!("{} is called, and is not on record", launch.id));
        }
        let before = self.judge.called.iter().find(|(id, token)| *id == launch.id && *token != launch.token);
        if let Some((_, token)) = before {
            let words = format!("{} is called with {}, and was with {token}", launch.id, launch.token);
            self.violated(Rule::SameLaunch, words);
        }
        self.judge.called.push((launch.id.clone(), launch.token.clone()));
        if self.judge.calls.back() != Some(&now) {
            self.judge.calls.push_back(now);
        }
        while self.judge.calls.front().is_some_and(|at| at + WINDOW < now) {
            self.judge.calls.pop_front();
        }
        if self.judge.calls.len() > MOST_INSTANTS {
            self.violated(
                Rule::BacksOff,
                format!("calls at {} instants in {} s", self.judge.calls.len(), WINDOW / 1_000),
            );
        }
    }

    /// Units are asked.
    pub(super) fn judge_question(&mut self, units: &[UnitId], how: Stop) {
        let now = self.now;
        self.note(|| {
            let units: Vec<&str> = units.iter().map(UnitId::as_str).collect();
            format!("{} asked to {}", units.join(" "), how.words())
        });
        for unit in units {
            let is_busy = self.life.told_load.get(unit).is_some_and(|seen| seen.is_busy);
            // What no record knows goes whatever is wanted.
            let launch = self.cloud.machines.get(unit).map(|machine| &machine.launch);
            let is_ours = launch.is_some_and(|launch| self.records.iter().any(|entry| entry.launch.id == *launch));
            let known = self.life.known.entry(unit.clone()).or_default();
            known.in_question += 1;
            known.asked_at = Some(now);
            known.is_being_ended |= how == Stop::Now;
            if matches!(how, Stop::HandBack(_) | Stop::Relieve) {
                known.asked_back.get_or_insert(now);
            }
            let is_over = known.asked_back.is_some_and(|asked| asked + self.setup.drain <= now);
            let may_be_ended = known.is_ended || is_over || self.life.may_end || !self.life.is_up;
            if how == Stop::Now && is_busy && !may_be_ended {
                self.violated(Rule::NotWhileBusy, format!("{unit} is ended"));
            }
            if matches!(how, Stop::HandBack(_)) && is_busy && self.life.is_up && !self.life.may_end && is_ours {
                let idle = self.idle_units();
                self.judge.later.push((now, unit.clone(), idle));
            }
        }
    }

    /// Units that the manager has to take for idle.
    fn idle_units(&self) -> Vec<UnitId> {
        let now = self.now;
        let is_idle = |unit: &UnitId| {
            let seen = self.life.told_load.get(unit).filter(|seen| !seen.is_busy);
            let (Some(seen), Some(known)) = (seen, self.life.known.get(unit)) else { return false };
            let is_settled = |at: Option<u64>| at.is_none_or(|at| at + ASKED_AGAIN_AFTER <= now);
            let is_left_alone = known.asked_back.is_some();
            known.refused.is_none_or(|refused| refused < seen.as_of)
                && is_settled(known.failed)
                && is_settled(known.refused)
                && known.in_question == 0
                && !(known.is_leaving || known.is_ended || known.is_gone || known.is_shown_leaving || is_left_alone)
        };
        let known = self.life.known.keys().filter(|unit| is_idle(unit));
        known
            .filter(|unit| self.cloud.machines.get(*unit).is_some_and(|machine| machine.notice.is_none()))
            .cloned()
            .collect()
    }

    /// What had to happen at the same instant, now that it is over.
    pub(super) fn judge_later(&mut self) {
        let now = self.now;
        let (over, later) = std::mem::take(&mut self.judge.later).into_iter().partition(|(at, ..)| *at < now);
        self.judge.later = later;
        let over: Vec<(u64, UnitId, Vec<UnitId>)> = over;
        for (at, busy, idle) in over {
            let is_asked = |unit: &&UnitId| {
                self.life.known.get(*unit).and_then(|known| known.asked_at).is_some_and(|asked| asked >= at)
            };
            if let Some(unit) = idle.iter().find(|unit| !is_asked(unit)).cloned() {
                self.violated(Rule::IdleFirst, format!("{busy} is busy and has to go, {unit} is idle and stays"));
            }
        }
    }

    /// Units have answered.
    pub(super) fn units_answered(&mut self, how: Stop, answers: &[(UnitId, Result<StopAnswer>)]) {
        let now = self.now;
        for (unit, answer) in answers {
            self.note(|| match answer {
                Ok(answer) => format!("{unit} answers {answer:?} ({})", how.words()),
                Err(error) => format!("{unit} does not answer: {}", error.kind()),
            });
            let known = self.life.known.entry(unit.clone()).or_default();
            known.in_question = known.in_question.saturating_sub(1);
            known.is_being_ended &= how != Stop::Now;
            match (how, answer) {
                (Stop::Resume, Ok(StopAnswer::Accepted)) => {
                    (known.is_leaving, known.is_handing_back) = (false, false);
                    known.refused = None;
                    // One that cannot hand back is left alone from then on without a question, whenever it has to go.
                    known.asked_back = known.asked_back.filter(|_| !self.setup.hand_back);
                }
                (Stop::HandBack(_), Ok(StopAnswer::Accepted)) => {
                    (known.is_leaving, known.is_handing_back) = (true, true);
                }
                (Stop::IfIdle | Stop::Now, Ok(StopAnswer::Accepted)) => known.is_ended = true,
                (_, Ok(StopAnswer::Accepted)) => known.is_leaving = true,
                (_, Ok(StopAnswer::Busy)) => known.refused = Some(now),
                (_, Ok(StopAnswer::Unsupported)) => {}
                (_, Err(_)) => known.failed = Some(now),
            }
        }
    }

    /// What is not as it is wanted, if anything is not.
    pub(super) fn not_as_wanted(&self, status: &Status) -> Option<String> {
        let now = self.now;
        let unpaid = self.wanted.min(self.setup.limit);
        let mut wanted = unpaid.min(self.setup.budget.unwrap_or(u32::MAX));
        if self.orders.has_given_up() {
            // What came of a launch that was given up is there all the same, and paid for.
            let there = u32::try_from(status.units.len()).unwrap_or(u32::MAX);
            wanted = wanted.max(there.min(unpaid));
        }
        let there = self.cloud.existing(now).filter(|machine| machine.is_joined(now)).count();
        let all = self.cloud.existing(now).count();
        let believed = status.units.iter().filter(|unit| unit.drain == Drain::No).count();
        let open = self.orders.open().count();
        let is_good = [there, all, believed, status.units.len()].iter().all(|count| *count == wanted as usize)
            && self.cloud.machines.values().all(|machine| !machine.exists(now) || !machine.hands_back)
            && status.open == 0
            && open == 0;
        (!is_good).then(|| {
            format!(
                "{wanted} units are to be there; {all} are, {there} of them at the scheduler; the manager believes in {}, \
                 {believed} of which stay; {open} launches are open",
                status.units.len()
            )
        })
    }

    /// What is left, if anything is.
    pub(super) fn not_empty(&self, status: &Status) -> Option<String> {
        let left = self.cloud.existing(self.now).count();
        let (believed, open, records) = (status.units.len(), self.orders.open().count(), self.records.len());
        ([left, believed, open, records].iter().any(|count| *count > 0)).then(|| {
            format!(
                "{left} units are there, the manager believes in {believed}; {open} launches are open, {records} on record"
            )
        })
    }

    /// A process has ended, and nobody killed it.
    pub(super) fn judge_end(&mut self, ended: Option<(&str, Option<&Result<Summary>>)>) {
        let Some((words, summary)) = ended else { return };
        match summary {
            None => self.violated(Rule::Ends, format!("it broke down: {words}")),
            Some(_) if !self.life.may_end => {
                self.violated(Rule::Ends, "it ended by itself, and nothing called for it".to_owned());
            }
            Some(Ok(summary)) if summary.left_behind.is_empty() && summary.kept.is_empty() => {
                let is_left = |machine: &&super::cloud::Machine| {
                    // What is taken goes by itself.
                    !machine.is_leaving()
                        && machine.notice.is_none()
                        && self.life.known.get(&machine.id).is_some_and(|known| !known.is_gone && !known.is_ended)
                };
                let left = self.cloud.existing(self.now).find(is_left).map(|machine| machine.id.clone());
                if let Some(unit) = left.filter(|_| summary.unsettled.is_empty() && self.setup.outlives) {
                    self.violated(Rule::NoLeak, format!("it ended and left {unit} behind without a word"));
                }
            }
            Some(_) => {}
        }
    }
}
