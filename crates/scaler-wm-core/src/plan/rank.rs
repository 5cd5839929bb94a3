//! Which unit goes first, and how it is asked.

use std::{cmp::Reverse, time::Duration};

use super::{Action, Cause, Limits, UnitView, Work};
use crate::{Stop, Timestamp};

/// How long a unit's own word that it is busy is taken for true where nobody else knows.
const REFUSAL_HOLDS: Duration = Duration::from_secs(2);

/// How hard it is to let a unit go: the smallest first.
pub(super) type Rank = (Loss, u32, Timestamp);

/// What is lost when a unit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loss {
    /// Nothing: it has nothing to do.
    Nothing,
    /// A start: it has not been at the scheduler yet, or nobody knows.
    Perhaps,
    /// Work.
    Work,
}

/// What is lost when `unit` goes now.
pub(super) fn loss(unit: &UnitView, now: Timestamp) -> Loss {
    match (unit.work, unit.refused) {
        // What a unit says of itself is newer than what the scheduler said before.
        (Work::Idle { as_of }, Some(refused)) if as_of <= refused => Loss::Work,
        (Work::Idle { .. }, _) => Loss::Nothing,
        (Work::Unknown | Work::NotConnected { .. }, Some(refused)) if now.since(refused) < REFUSAL_HOLDS => Loss::Work,
        (Work::Unknown | Work::NotConnected { .. }, _) => Loss::Perhaps,
        (Work::Busy { .. }, _) => Loss::Work,
    }
}

/// The order in which units go: idle ones, then unknown ones, oldest first; then those with the fewest tasks.
pub(super) fn rank(unit: &UnitView, now: Timestamp) -> Rank {
    let tasks = match unit.work {
        Work::Busy { tasks, .. } => tasks,
        _ => 0,
    };
    (loss(unit, now), tasks, unit.since)
}

/// How many tasks a unit holds, most first: the order in which drains are taken back.
pub(super) fn worth_keeping(unit: &UnitView) -> Reverse<u32> {
    Reverse(match unit.work {
        Work::Busy { tasks, .. } => tasks,
        _ => 0,
    })
}

/// The question that an idle unit gets: its own word where it has one, else a second look while it stands still.
pub(super) const fn leave_idle(unit: &UnitView) -> Stop {
    if unit.can.leave_if_idle {
        Stop::IfIdle
    } else if unit.can.hold && !matches!(unit.work, Work::Unknown) {
        Stop::Hold
    } else {
        Stop::Now
    }
}

/// How a unit is let go.
pub(super) fn let_go(unit: &UnitView, limits: &Limits, now: Timestamp) -> Action {
    let ask = |how, because| Action::Ask { unit: unit.id.clone(), how, because };
    match loss(unit, now) {
        Loss::Nothing | Loss::Perhaps => ask(leave_idle(unit), Cause::SurplusIdle),
        Loss::Work if unit.can.hand_back => ask(Stop::HandBack(limits.drain_timeout), Cause::SurplusBusy),
        Loss::Work => Action::WaitUntilIdle { unit: unit.id.clone(), until: now + limits.drain_timeout },
    }
}
