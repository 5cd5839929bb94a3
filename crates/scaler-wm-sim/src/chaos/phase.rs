//! How far a run is, and what the driver does whenever it looks.

use scaler_wm_core::manager::Status;

use super::{Rule, world::World};

/// How often the driver looks although nothing is due.
const TICK: u64 = 1_000;
/// How long everything has to stay as it is wanted.
const STAYS: u64 = 20_000;
/// A process that is told to end although nothing is wrong with it is started again after this time.
const ONCE_MORE_AFTER: u64 = 5_000;
/// A manager that is told to end has ended after this time.
const ENDS_WITHIN: u64 = 120_000;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Faults are to come.
    Faults,
    /// None is: everything becomes as it is wanted.
    Settling {
        since: u64,
        /// Since when it is so.
        good_since: Option<u64>,
    },
    /// Nothing is wanted.
    Emptying { since: u64 },
    /// The manager is told to end.
    Ending { since: u64 },
}

impl World {
    /// When the driver has to look again.
    pub(super) fn next_look(&self) -> u64 {
        let tick = (self.now / TICK + 1) * TICK;
        let event = self.events.front().map(|event| event.at);
        let times = [event, self.cloud.next_change(self.now), self.next_worth_a_look()];
        times.into_iter().flatten().fold(tick, u64::min)
    }

    /// What the driver does whenever it looks.
    pub(super) fn drive(&mut self, status: &Status, phase: &mut Phase) {
        let now = self.now;
        if self.is_worth_a_look() {
            self.life.changed.send_modify(|version| *version += 1);
        }
        self.keep_account();
        self.judge_later();
        self.judge_stays(status);
        match *phase {
            Phase::Faults if self.events.is_empty() && now >= self.faults_end() => {
                self.note(|| "-- the last fault is over".to_owned());
                self.calm();
                self.wanted = self.wanted.max(1);
                *phase = Phase::Settling { since: now, good_since: None };
            }
            Phase::Faults => {}
            Phase::Settling { since, good_since } => {
                if self.setup.works_on {
                    self.cloud.give_all_work(now, self.setup.patience());
                }
                let wrong = self.not_as_wanted(status);
                let good_since = wrong.is_none().then(|| good_since.unwrap_or(now));
                *phase = Phase::Settling { since, good_since };
                if good_since.is_some_and(|good| now - good >= STAYS) {
                    self.note(|| "-- nothing is wanted any more".to_owned());
                    self.wanted = 0;
                    *phase = Phase::Emptying { since: now };
                } else if let Some(wrong) = wrong.filter(|_| now - since > self.setup.patience()) {
                    self.violated(Rule::Converges, wrong);
                }
            }
            Phase::Emptying { since } => match self.not_empty(status) {
                None if !self.unforgotten.is_empty() => {
                    // Records that could not be removed are the next process's.
                    self.told_to_end.get_or_insert(ONCE_MORE_AFTER);
                    *phase = Phase::Emptying { since: now };
                }
                None => *phase = Phase::Ending { since: now },
                Some(wrong) if now - since > self.setup.patience() => self.violated(Rule::NoLeak, wrong),
                Some(_) => {}
            },
            Phase::Ending { since } if now - since > ENDS_WITHIN => {
                self.violated(Rule::Ends, "it was told to end, and has not".to_owned());
            }
            Phase::Ending { .. } => {}
        }
        self.tell();
    }
}
