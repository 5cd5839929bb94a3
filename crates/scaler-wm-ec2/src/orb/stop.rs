//! Returning machines: all in one call, and one by one where that did not work.

use std::collections::BTreeMap;

use scaler_wm_core::{Error, ErrorKind, Result, StopAnswer, UnitId};
use tracing::debug;

use super::{OrbProvider, machine::Machine};

const PURPOSE: &str = "return machines";

impl OrbProvider {
    /// Returns `units`; those that are on their way out already need no call.
    pub(super) async fn give_back(&self, units: &[UnitId]) -> Vec<(UnitId, Result<StopAnswer>)> {
        let mut answers = Vec::with_capacity(units.len());
        let mut asked = Vec::new();
        for unit in units {
            let state = self.state();
            if !state.fleet.knows(unit) {
                let context = format!("no machine of ours is called {unit}");
                answers.push((unit.clone(), Err(Error::new(ErrorKind::NotFound, PURPOSE, context))));
            } else if state.fleet.is_returning(unit) {
                answers.push((unit.clone(), Ok(StopAnswer::Accepted)));
            } else {
                asked.push(unit.clone());
            }
        }
        if !asked.is_empty() {
            let mut given = self.give_back_together(&asked).await;
            answers.extend(asked.into_iter().map(|unit| {
                let answer = given.remove(&unit).unwrap_or(Ok(StopAnswer::Accepted));
                (unit, answer)
            }));
        }
        self.tick();
        answers
    }

    /// The answers of those that were not simply accepted.
    async fn give_back_together(&self, units: &[UnitId]) -> BTreeMap<UnitId, Result<StopAnswer>> {
        let ids: Vec<&str> = units.iter().map(UnitId::as_str).collect();
        match self.api.give_back(&ids).await {
            Ok(Some(request)) => {
                let now = self.clock.now();
                let mut state = self.state();
                units.iter().for_each(|unit| state.fleet.returning(unit, &request, now));
                return BTreeMap::new();
            }
            Ok(None) => debug!(units = units.len(), "the server had nothing to return"),
            // One that is unknown, or that is being returned already, fails them all.
            Err(error) if matches!(error.kind(), ErrorKind::Failed | ErrorKind::NotFound | ErrorKind::Invalid) => {
                debug!(%error, units = units.len(), "machines are returned one by one");
            }
            Err(error) => {
                let again = |unit: &UnitId| (unit.clone(), Err(Error::new(error.kind(), PURPOSE, error.to_string())));
                return units.iter().map(again).collect();
            }
        }
        let mut answers = BTreeMap::new();
        for unit in units {
            answers.insert(unit.clone(), self.give_back_one(unit, units.len() > 1).await);
        }
        answers
    }

    /// What became of one machine of a call that did not work; it is returned by itself, if `again`.
    async fn give_back_one(&self, unit: &UnitId, again: bool) -> Result<StopAnswer> {
        let machine = self.api.stored(unit.as_str()).await?;
        let now = self.clock.now();
        self.state().fleet.note(&machine, None, now);
        if is_leaving(&machine) || self.state().fleet.is_returning(unit) {
            return Ok(StopAnswer::Accepted);
        }
        let refused =
            || Error::new(ErrorKind::Failed, PURPOSE, format!("the server does not return {unit}; its log says why"));
        if !again {
            return Err(refused());
        }
        let request = self.api.give_back(&[unit.as_str()]).await?.ok_or_else(refused)?;
        self.state().fleet.returning(unit, &request, self.clock.now());
        Ok(StopAnswer::Accepted)
    }
}

fn is_leaving(machine: &Machine) -> bool {
    matches!(machine.status.as_str(), "shutting-down" | "terminated" | "returned")
}
