//! What an operator tells a manager, carried out.

use tracing::info;

use super::Manager;
use crate::{
    Stop, Timestamp, UnitId, Wish,
    control::{Bounds, Command, Happening, Refusal},
    plan::{Action, Cause, Drain},
};

impl Manager {
    /// Begins to do what it is told.
    pub(super) fn obey(&mut self, command: Command) -> Result<(), Refusal> {
        let now = self.clock.now();
        info!(manager = %self.settings.manager, ?command, "an operator says so");
        match command {
            Command::Shutdown => {
                self.told_to_end();
                Ok(())
            }
            _ if self.ending.is_some() => Err(Refusal::NotNow("the manager is ending already".to_owned())),
            Command::SetBounds(bounds) => self.set_bounds(bounds, now),
            Command::Drain => self.set_draining(true, now),
            Command::Undrain => self.set_draining(false, now),
            Command::DrainUnit(unit) => {
                let how = Stop::HandBack(self.settings.drain_timeout);
                self.known(&unit)?;
                self.fleet.set_unwanted(&unit, true);
                self.ask_one(unit, how, now);
                Ok(())
            }
            Command::UndrainUnit(unit) => self.undrain(unit, now),
            Command::StopUnit(unit) => {
                self.known(&unit)?;
                self.ask_one(unit, Stop::Now, now);
                Ok(())
            }
        }
    }

    /// Bounds whose time is over are gone.
    pub(super) fn mind_bounds(&mut self, now: Timestamp) {
        let Some(bounds) = self.wants.bounds else { return };
        match bounds.until {
            Some(until) if until <= now => {
                info!(manager = %self.settings.manager, %bounds, "an operator's bounds have run out");
                self.wants.bounds = None;
                self.happened(Happening::Bounds(None), now);
            }
            Some(until) => self.look_again(until),
            None => {}
        }
    }

    fn set_bounds(&mut self, bounds: Option<Bounds>, now: Timestamp) -> Result<(), Refusal> {
        if matches!(self.wants.wish, Some(Wish::Once(_))) {
            return Err(Refusal::Invalid(
                "a manager in fixed mode has no bounds: it starts its workers once".to_owned(),
            ));
        }
        if let Some(Bounds { minimum, maximum, pinned, until }) = bounds {
            let said = [minimum, maximum, pinned].into_iter().flatten();
            let most = self.settings.sizing.max_units;
            if said.clone().next().is_none() {
                return Err(Refusal::Invalid("give a minimum, a maximum, or a pinned number of units".to_owned()));
            }
            if pinned.is_some() && (minimum.is_some() || maximum.is_some()) {
                return Err(Refusal::Invalid("a pinned number leaves no room for a minimum or a maximum".to_owned()));
            }
            if let (Some(minimum), Some(maximum)) = (minimum, maximum)
                && minimum > maximum
            {
                return Err(Refusal::Invalid(format!("the minimum, {minimum}, is more than the maximum, {maximum}")));
            }
            if let Some(units) = said.max().filter(|units| most.cap(*units) < *units) {
                let most = most.cap(u32::MAX);
                return Err(Refusal::Invalid(format!(
                    "{units} units are more than this manager may have, {most}, by its max_task_concurrency"
                )));
            }
            if until.is_some_and(|until| until <= now) {
                return Err(Refusal::Invalid("their time would be over already".to_owned()));
            }
        }
        self.wants.bounds = bounds;
        self.happened(Happening::Bounds(bounds), now);
        Ok(())
    }

    fn set_draining(&mut self, is_draining: bool, now: Timestamp) -> Result<(), Refusal> {
        if self.wants.is_draining == is_draining {
            let words = if is_draining { "it is draining already" } else { "it is not draining" };
            return Err(Refusal::NotNow(words.to_owned()));
        }
        self.wants.is_draining = is_draining;
        self.happened(Happening::Draining(is_draining), now);
        Ok(())
    }

    fn undrain(&mut self, unit: UnitId, now: Timestamp) -> Result<(), Refusal> {
        self.known(&unit)?;
        let drain = self.fleet.drain_of(&unit);
        match drain {
            _ if !self.fleet.set_unwanted(&unit, false) => {
                return Err(Refusal::NotNow(format!("{unit} was not drained by an operator")));
            }
            Some(Drain::Waiting { .. }) => self.act(vec![Action::KeepAfterAll { unit }], now),
            Some(Drain::HandingBack { .. } | Drain::Held { .. }) => self.ask_one(unit, Stop::Resume, now),
            Some(Drain::Ending { .. }) => return Err(Refusal::NotNow(format!("{unit} is ending already"))),
            Some(Drain::No) | None => {}
        }
        Ok(())
    }

    fn known(&self, unit: &UnitId) -> Result<(), Refusal> {
        self.fleet.unit(unit).map(drop).ok_or_else(|| Refusal::NoSuchUnit(unit.clone()))
    }

    fn ask_one(&mut self, unit: UnitId, how: Stop, now: Timestamp) {
        self.act(vec![Action::Ask { unit, how, because: Cause::Operator }], now);
    }

    /// Takes note of what has happened, for whoever looks on.
    pub(super) fn happened(&self, what: Happening, now: Timestamp) {
        self.seat.events().push(now, what);
    }
}
