//! Machines of an ORB server, as far as the record names them: the server keeps nothing by which others could be told.

use std::collections::BTreeMap;

use async_trait::async_trait;
use scaler_wm_core::{
    Entry, Error, ErrorKind, Inventory, InventoryInfo, LaunchId, Listing, OnRecord, Result, Role, Thing, UnitState,
};

use super::{
    OrbConfig,
    api::Api,
    http::{Http, connector},
    machine::Machine,
    orders::request_of,
    provider::LAG,
};

/// The machines that a manager has on record. None bears its name, so none is deleted.
#[derive(Debug)]
pub struct OrbInventory {
    api: Api,
}

impl OrbInventory {
    /// That of the manager that this configuration is for. Nothing is called so far.
    ///
    /// # Errors
    /// When the address of the server is none.
    pub fn open(config: &OrbConfig) -> Result<Self> {
        Ok(Self { api: Api { http: Http::new(config, connector())? } })
    }

    /// The machines that a launch has brought, as the server knows them.
    async fn of_launch(&self, entry: &Entry) -> Result<Vec<Machine>> {
        if let Some(settled) = &entry.settled {
            let mut machines = Vec::new();
            for unit in &settled.units {
                match self.api.stored(unit.as_str()).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    machine => machines.push(machine?),
                }
            }
            return Ok(machines);
        }
        let Some(request) = entry.receipt.as_ref().and_then(request_of) else { return Ok(Vec::new()) };
        match self.api.status(&request).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            request => Ok(request?.machines()),
        }
    }
}

#[async_trait]
impl Inventory for OrbInventory {
    fn info(&self) -> InventoryInfo {
        InventoryInfo { repeatable_for: std::time::Duration::ZERO, list_lag: LAG }
    }

    async fn list(&self, record: &OnRecord) -> Result<Listing> {
        let mut machines: BTreeMap<String, LaunchId> = BTreeMap::new();
        for entry in &record.launches {
            let of_launch = self.of_launch(entry).await?;
            let there = of_launch.iter().filter(|machine| is_there(machine));
            machines.extend(there.map(|machine| (machine.machine_id.clone(), entry.launch.id.clone())));
        }
        let thing = |(name, launch)| Thing {
            role: Role::Unit,
            what: "machine of the ORB server",
            name,
            manager: None,
            launch: Some(launch),
            since: None,
            is_in_use: false,
        };
        let note = "an ORB server tells nothing apart by who asked for it: what no record names is not found, and what one \
                    names bears no tag and is not deleted; `orb machines list` and `orb machines return ID` do both";
        Ok(Listing {
            things: machines.into_iter().map(thing).collect(),
            failed: Vec::new(),
            notes: vec![note.to_owned()],
        })
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        let context = format!("{} bears no tag of this manager; `orb machines return {0}` does it", thing.name);
        Err(Error::new(ErrorKind::Denied, "return a machine", context))
    }
}

fn is_there(machine: &Machine) -> bool {
    !machine.machine_id.is_empty()
        && machine.return_request_id.is_none()
        && !matches!(machine.state(), Some(UnitState::Gone(_)))
}
