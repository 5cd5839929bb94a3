//! What earlier processes of a manager left on record, compared with what is there.

use std::{collections::HashSet, sync::Arc};

use tracing::{info, warn};

use super::Manager;
use crate::{
    Launch, LaunchId, Result, Stop, Timestamp, UnitId,
    plan::{Action, Cause},
};

/// What earlier processes of this manager left on record.
#[derive(Debug, Default)]
pub(super) struct Recalled {
    /// When it was read: whatever is on record was there before.
    read_at: Timestamp,
    /// Whether a look has worked since, even if something may have been hidden from it.
    has_looked: bool,
    /// Every launch on record.
    known: HashSet<LaunchId>,
    /// Those whose outcome is on record: since when, and which units it brought.
    settled: Vec<(LaunchId, Timestamp, Vec<UnitId>)>,
}

impl Recalled {
    /// A look has worked.
    pub(super) fn looked(&mut self) {
        self.has_looked = true;
    }

    /// Whether no earlier process has left a launch on record whose outcome is known.
    pub(super) fn is_empty(&self) -> bool {
        self.settled.is_empty()
    }

    /// Units on record.
    pub(super) fn units(&self) -> impl Iterator<Item = &UnitId> {
        self.settled.iter().flat_map(|(_, _, units)| units)
    }

    /// A unit is gone: it is hidden nowhere.
    pub(super) fn has_ended(&mut self, unit: &UnitId) {
        self.settled.iter_mut().for_each(|(_, _, units)| units.retain(|other| other != unit));
    }
}

impl Manager {
    /// What earlier processes of this manager left on record.
    pub(super) async fn recall(&mut self) -> Result<()> {
        let entries = self.journal.load().await?;
        let now = self.clock.now();
        let info = self.provider.info();
        let (can_list, can_find) = (info.lists_foreign_units, info.finds_recorded_units);
        let mut forgotten = Vec::new();
        let mut recalled = Recalled { read_at: now, ..Recalled::default() };
        for entry in entries {
            recalled.known.insert(entry.launch.id.clone());
            if !can_find {
                // Units of this kind end with their process.
                forgotten.push(entry.launch.id);
            } else if entry.settled.is_none() && (entry.receipt.is_some() || info.may_repeat(&entry.launch, now)) {
                info!(launch = %entry.launch.id, units = entry.launch.count, "open launch of an earlier process");
                self.launches.adopted(entry.launch, entry.receipt, self.random.u64(..), now);
            } else {
                // One that is too old to be repeated is known by what is there, if that is told.
                if entry.settled.is_none() && !can_list {
                    let Launch { id, count, at, .. } = &entry.launch;
                    let age_seconds = now.since(*at).as_secs_f64();
                    warn!(
                        launch = %id, units = count, age_seconds,
                        "an earlier process ended before it knew what came of a launch, and units that nobody has on \
                         record cannot be listed here: see what is there, and end what is too much"
                    );
                }
                let since = entry.settled_since();
                let units = entry.settled.map(|settled| settled.units).unwrap_or_default();
                recalled.settled.push((entry.launch.id, since, units));
            }
        }
        for (launch, _, units) in recalled.settled.iter().filter(|(_, _, units)| !units.is_empty()) {
            self.provider.remember_launch(launch, units);
        }
        self.recalled = Some(recalled);
        if !forgotten.is_empty() {
            self.journal.forget(&forgotten).await?;
        }
        Ok(())
    }

    /// Units that are on record and were never seen: they may be there.
    pub(super) fn unseen(&self) -> impl Iterator<Item = &UnitId> {
        self.recalled.iter().flat_map(Recalled::units).filter(|unit| self.fleet.unit(unit).is_none())
    }

    /// Whether no look has ever worked.
    pub(super) fn has_never_looked(&self) -> bool {
        self.recalled.as_ref().is_some_and(|recalled| !recalled.has_looked)
    }

    /// Until when a unit that is on record, and was not seen by a look that was asked for at this instant, may only be hidden
    /// by a listing that lags behind.
    pub(super) fn may_be_hidden(&self, recalled: &Recalled, asked_at: Timestamp) -> Option<Timestamp> {
        let lag = self.provider.info().list_lag;
        let is_unseen = |units: &[UnitId]| units.iter().any(|unit| self.fleet.unit(unit).is_none());
        // By the clock of then it may have been launched in the future.
        let hidden_until = |at: Timestamp| at.min(recalled.read_at) + lag;
        let hidden = recalled.settled.iter().filter(|(_, at, units)| asked_at < hidden_until(*at) && is_unseen(units));
        hidden.map(|(_, at, _)| hidden_until(*at)).max()
    }

    /// The first look: units that no journal knows go, records of units that are gone are forgotten.
    pub(super) fn compare(&mut self, recalled: Recalled, now: Timestamp) {
        let is_known = |launch: Option<&LaunchId>| launch.is_some_and(|launch| recalled.known.contains(launch));
        let strays = self.fleet.launched().filter(|(_, launch)| !is_known(*launch));
        let within = self.settings.drain_timeout;
        let asks = strays.map(|(unit, _)| Action::Ask {
            unit: unit.clone(),
            how: Stop::HandBack(within),
            because: Cause::NotOnRecord,
        });
        let asks: Vec<Action> = asks.collect();
        self.act(asks, now);
        let gone: Vec<LaunchId> =
            recalled.settled.into_iter().map(|(id, ..)| id).filter(|id| self.fleet.count_of(id) == 0).collect();
        if !gone.is_empty() {
            let journal = Arc::clone(&self.journal);
            self.record("the end of earlier launches", async move { journal.forget(&gone).await });
        }
    }
}
