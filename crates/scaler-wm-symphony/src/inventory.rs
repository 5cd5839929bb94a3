//! What is out there under a manager's name: the sessions in its file. Nobody can ask Symphony for others: what an
//! application can do there with sessions is to make one, and to open one by its id.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use scaler_wm_core::{Error, ErrorKind, Inventory, InventoryInfo, Listing, ManagerId, OnRecord, Result, Role, Thing};

use crate::{
    SymphonyConfig,
    executor::read_handle,
    ffi::{Library, Session},
    preflight::called,
    record::SessionFile,
};

const DELETE: &str = "end a session of Symphony";

/// The sessions that a manager has on record.
#[derive(Debug)]
pub struct SymphonyInventory {
    config: Arc<SymphonyConfig>,
    manager: ManagerId,
}

impl SymphonyInventory {
    /// That of the manager that this configuration is for. The library is loaded when a session is to be deleted, and not
    /// before.
    #[must_use]
    pub fn new(config: SymphonyConfig, manager: &ManagerId) -> Self {
        Self { config: Arc::new(config), manager: manager.clone() }
    }
}

#[async_trait]
impl Inventory for SymphonyInventory {
    fn info(&self) -> InventoryInfo {
        // What is launched are agents, which end with their manager.
        InventoryInfo { repeatable_for: Duration::MAX, list_lag: Duration::ZERO }
    }

    async fn list(&self, _record: &OnRecord) -> Result<Listing> {
        let sessions = SessionFile::open(self.config.sessions.clone())?.ids();
        let thing = |name| Thing {
            role: Role::Task,
            what: "Symphony session",
            name,
            manager: Some(self.manager.clone()),
            launch: None,
            since: None,
            is_in_use: false,
        };
        let note =
            "sessions of Symphony cannot be listed: these are the ones on record, and some may have ended already";
        Ok(Listing {
            notes: if sessions.is_empty() { Vec::new() } else { vec![note.to_owned()] },
            things: sessions.into_iter().map(thing).collect(),
            failed: Vec::new(),
        })
    }

    fn runs(&self, handle: &[u8]) -> Option<String> {
        read_handle(handle).map(|(session, _)| session)
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        let (config, id) = (Arc::clone(&self.config), thing.name.clone());
        called(move || end(&config, &id)).await
    }
}

fn end(config: &SymphonyConfig, id: &str) -> Result<()> {
    let mut file = SessionFile::open(config.sessions.clone())?;
    if !file.ids().iter().any(|known| known == id) {
        let context = format!("{id} is none of this manager's sessions");
        return Err(Error::new(ErrorKind::Denied, DELETE, context));
    }
    let library = Library::load(&config.library)?;
    let connection = library.connect(&config.application, &config.user, &config.password)?;
    let ended = Session::open(&connection, id, config.codec.of_abi(), Box::new(|_| ())).and_then(|it| it.close(true));
    match ended {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => {
            file.remove(id);
            Ok(())
        }
    }
}
