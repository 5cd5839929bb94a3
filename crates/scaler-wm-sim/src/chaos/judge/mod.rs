//! What must hold, whatever happens.

mod ends;
mod money;
mod questions;
mod units;

use std::{collections::VecDeque, fmt};

use scaler_wm_core::{Launch, UnitId};

pub(super) use self::money::Spent;
use super::world::World;

/// What was answered is shown within this time.
const SHOWN_AFTER: u64 = 1_000;
/// That a unit is left alone until it is idle is shown in the next round, which loads bring if nothing else does.
const WAITING_SHOWN_AFTER: u64 = 8_000;
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
    /// A launch is repeated only where that is the same request, and only as long as it is.
    SafeRepeat,
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
    /// Since when its time to finish runs: it has agreed to hand its queue back, or cannot and is left alone until then.
    finishes_since: Option<u64>,
    /// It stands still.
    is_held: bool,
    /// It is left alone until it is idle.
    is_waiting: bool,
    refused: Option<u64>,
    failed: Option<u64>,
}

impl Known {
    /// Whether the manager has to count it among those that stay.
    const fn stays(&self) -> bool {
        !(self.is_leaving || self.is_ended || self.is_being_ended || self.is_waiting)
    }
}

#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) violation: Option<Violation>,
    /// When launches were called of late.
    calls: VecDeque<u64>,
    /// Launches that were called, as they were the first time.
    called: Vec<Launch>,
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
}
