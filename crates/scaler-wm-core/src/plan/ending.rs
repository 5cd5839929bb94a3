//! The plan once the manager is to end.

use super::{
    Action, Cause, Drain, Phase, UnitView,
    rank::{Loss, loss},
};
use crate::{Stop, Timestamp};

/// What to do while the manager ends: every unit finishes what runs, until `until` at the latest, and is ended then.
#[must_use]
pub fn plan_ending(units: &[UnitView], until: Timestamp, now: Timestamp) -> Vec<Action> {
    units.iter().filter(|unit| unit.may_be_asked(now)).filter_map(|unit| step(unit, until, now)).collect()
}

fn step(unit: &UnitView, until: Timestamp, now: Timestamp) -> Option<Action> {
    let ask = |how| Some(Action::Ask { unit: unit.id.clone(), how, because: Cause::ManagerEnds });
    let is_late = until <= now;
    match unit.drain {
        Drain::Ending { since } if since >= until => None,
        _ if is_late => ask(Stop::Now),
        Drain::Ending { .. } => None,
        // It holds still and would not see its tasks through.
        Drain::Held { .. } => ask(Stop::Now),
        // A drain of the ordinary kind has a later deadline; ours comes first, by this function itself.
        Drain::HandingBack { .. } => None,
        Drain::No if unit.phase == Phase::Leaving => None,
        Drain::No | Drain::Waiting { .. } if unit.can.hand_back => ask(Stop::HandBack(until.since(now))),
        Drain::No if loss(unit, now) == Loss::Work => Some(Action::WaitUntilIdle { unit: unit.id.clone(), until }),
        Drain::Waiting { .. } if loss(unit, now) == Loss::Work => None,
        Drain::No | Drain::Waiting { .. } => ask(Stop::Now),
    }
}
