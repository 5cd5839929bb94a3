//! How units may be let go.

use scaler_wm_core::{Result, Stop, StopAnswer, UnitId, manager::Status, plan::Drain};

use super::{ASKED_AGAIN_AFTER, Rule, SHOWN_AFTER, WAITING_SHOWN_AFTER};
use crate::chaos::{life::STOP_TIMEOUT, world::World};

impl World {
    /// Units are asked.
    pub(in crate::chaos) fn judge_question(&mut self, units: &[UnitId], how: Stop) {
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
            // Whose time runs without a question is seen a little later than it begins.
            let seen_within = if known.is_waiting { WAITING_SHOWN_AFTER } else { SHOWN_AFTER };
            let is_over = known.finishes_since.is_some_and(|since| since + self.setup.drain <= now + seen_within);
            let is_last = self.life.may_end.is_some_and(|since| since + STOP_TIMEOUT <= now || known.is_held);
            let may_be_ended = known.is_ended || is_over || is_last || !self.life.is_up;
            if how == Stop::Now && is_busy && !may_be_ended {
                self.violated(Rule::NotWhileBusy, format!("{unit} is ended"));
            }
            if !is_ours || self.life.may_end.is_some() {
                continue;
            }
            // What was asked before it was heard is asked at the same instant.
            let is_away = self.life.down_since.is_some_and(|since| since < now);
            if matches!(how, Stop::HandBack(_) | Stop::Relieve) && is_away {
                self.violated(Rule::NotWhileAway, format!("{unit} is let go"));
            }
            if matches!(how, Stop::HandBack(_)) && is_busy && self.life.is_up {
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
            let is_left_alone = known.finishes_since.is_some();
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
    pub(in crate::chaos) fn judge_later(&mut self) {
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
    pub(in crate::chaos) fn units_answered(&mut self, how: Stop, answers: &[(UnitId, Result<StopAnswer>)]) {
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
                    (known.is_leaving, known.is_handing_back, known.is_held) = (false, false, false);
                    (known.finishes_since, known.refused) = (None, None);
                }
                (Stop::HandBack(_), Ok(StopAnswer::Accepted)) => {
                    (known.is_leaving, known.is_handing_back) = (true, true);
                    known.finishes_since.get_or_insert(now);
                }
                (Stop::IfIdle | Stop::Now, Ok(StopAnswer::Accepted)) => known.is_ended = true,
                (_, Ok(StopAnswer::Accepted)) => {
                    known.is_leaving = true;
                    known.is_held = how == Stop::Hold;
                }
                (_, Ok(StopAnswer::Busy)) => known.refused = Some(now),
                (Stop::HandBack(_), Ok(StopAnswer::Unsupported)) => {
                    known.finishes_since.get_or_insert(now);
                    known.is_waiting = true;
                }
                (_, Ok(StopAnswer::Unsupported)) => {}
                (_, Err(_)) => known.failed = Some(now),
            }
        }
    }

    /// What a process shows of its units: one that is left alone until it is idle can be seen in no other way.
    pub(in crate::chaos) fn judge_stays(&mut self, status: &Status) {
        let now = self.now;
        for unit in &status.units {
            let Some(known) = self.life.known.get_mut(&unit.id) else { continue };
            match unit.drain {
                Drain::Waiting { .. } => {
                    known.finishes_since.get_or_insert(now);
                    known.is_waiting = true;
                }
                // What was answered at this instant may not have been taken note of.
                Drain::No if known.finishes_since.is_none_or(|since| since + SHOWN_AFTER < now) => {
                    (known.finishes_since, known.is_waiting) = (None, false);
                }
                _ => {}
            }
        }
    }
}
