//! What is out there under a manager's name: the units that a plug-in tells of.

use async_trait::async_trait;
use scaler_wm_core::{
    Error, ErrorKind, Inventory, InventoryInfo, Listing, OnRecord, OpenLaunch, Provider, Result, Role, Stop,
    StopAnswer, Thing, Unit, UnitId, UnitState,
};

use crate::{ExternalConfig, ExternalProvider};

/// The units of a manager.
#[derive(Debug)]
pub struct ExternalInventory {
    provider: ExternalProvider,
}

impl ExternalInventory {
    /// That of the manager that this configuration is for.
    ///
    /// # Errors
    /// As [`ExternalProvider::start`].
    pub async fn open(config: ExternalConfig) -> Result<Self> {
        Ok(Self { provider: ExternalProvider::start(config).await? })
    }

    fn thing(&self, unit: &Unit) -> Option<Thing> {
        if !matches!(unit.state, UnitState::Starting | UnitState::Running) {
            return None;
        }
        Some(Thing {
            role: Role::Unit,
            what: "unit of the plug-in",
            name: unit.id.as_str().to_owned(),
            // A plug-in is asked for the units of one manager.
            manager: Some(self.provider.manager().clone()),
            launch: unit.launch.clone(),
            since: Some(unit.since),
            is_in_use: false,
        })
    }
}

#[async_trait]
impl Inventory for ExternalInventory {
    fn info(&self) -> InventoryInfo {
        let info = self.provider.info();
        InventoryInfo { repeatable_for: info.repeatable_for, list_lag: info.list_lag }
    }

    async fn list(&self, record: &OnRecord) -> Result<Listing> {
        let mut open = Vec::new();
        for entry in &record.launches {
            match &entry.settled {
                Some(settled) => self.provider.remember_launch(&entry.launch.id, &settled.units),
                None => open.push(OpenLaunch { launch: entry.launch.clone(), receipt: entry.receipt.clone() }),
            }
        }
        let observed = self.provider.observe(&open).await?;
        let mut notes = vec!["what a plug-in makes beside its units it alone knows".to_owned()];
        if !self.provider.info().lists_foreign_units {
            notes.push("this plug-in tells only of units that are on record".to_owned());
        }
        let things = observed.units.iter().filter_map(|unit| self.thing(unit)).collect();
        Ok(Listing { things, notes, ..Listing::default() })
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        let answers = self.provider.stop(&[UnitId::from(thing.name.as_str())], Stop::Now).await;
        answers.into_iter().try_for_each(|(unit, answer)| match answer {
            Ok(StopAnswer::Accepted) => Ok(()),
            Ok(StopAnswer::Busy | StopAnswer::Unsupported) => {
                Err(Error::new(ErrorKind::Failed, "end a unit", format!("the plug-in does not end {unit}")))
            }
            // One that is not there any more needs no end.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
    }
}
