//! One manager: its record, what is out there, and what comes of comparing the two.

use std::collections::BTreeSet;

use scaler_wm_core::{Chain, Clock, Inventory, Listing, OnRecord, Role, Thing, options::Value};

use super::{
    compare::{Facts, Finding, compare},
    source::Source,
};
use crate::{config::ManagerConfig, exit::Failure};

/// What a socket is called at which a killed manager has listened.
pub(super) const STALE: &str = "control socket without a manager";

/// One manager that was looked at.
pub(super) struct Examined {
    pub(super) config: ManagerConfig,
    /// Nothing of it where the record cannot be had.
    pub(super) source: Option<Source>,
    pub(super) inventory: Option<Box<dyn Inventory>>,
    pub(super) findings: Vec<Finding>,
    /// What could not be looked at, and why.
    pub(super) failed: Vec<String>,
    pub(super) notes: Vec<String>,
    /// What was deleted, by name.
    pub(super) deleted: BTreeSet<String>,
    pub(super) clock: Clock,
}

impl Examined {
    /// Looks at a manager. What fails is told in the place of what would have been found.
    ///
    /// # Errors
    /// When the configuration cannot be used, or this build lacks what it needs.
    pub(super) async fn look(mut config: ManagerConfig) -> Result<Self, Failure> {
        let found = Source::find(&config.values, &config.manager);
        let mut failed = Vec::new();
        let source = match found {
            Ok(source) => Some(source),
            Err(failure @ Failure::Running(_)) => {
                failed.push(failure.text());
                None
            }
            Err(failure) => return Err(failure),
        };
        if let Some(source) = &source {
            let folder = source.folder().to_string_lossy().into_owned();
            config.values.fill("state_dir", Value::Text(folder));
        }
        let inventory = Some(config.kind.inventory(&config.values, &config.manager).await?);
        let mut examined = Self {
            config,
            source,
            inventory,
            findings: Vec::new(),
            failed,
            notes: Vec::new(),
            deleted: BTreeSet::new(),
            clock: Clock::system(),
        };
        examined.look_again().await;
        Ok(examined)
    }

    /// Looks once more.
    pub(super) async fn look_again(&mut self) {
        let (Some(source), Some(inventory)) = (&self.source, &self.inventory) else { return };
        (self.findings, self.failed, self.notes) = Default::default();
        let (record, listing) = match seen(source, &**inventory).await {
            Ok(seen) => seen,
            Err(problem) => return self.failed.push(problem),
        };
        let mut things = listing.things;
        things.extend(source.stale_socket().map(|socket| Thing {
            role: Role::Leftover,
            what: STALE,
            name: socket.to_string_lossy().into_owned(),
            manager: Some(self.config.manager.clone()),
            launch: None,
            since: None,
            is_in_use: false,
        }));
        self.failed = listing.failed.iter().map(|error| Chain(error).to_string()).collect();
        self.notes = listing.notes;
        self.findings = compare(&Facts {
            manager: &self.config.manager,
            is_running: source.is_running(),
            info: inventory.info(),
            record: &record,
            things: &things,
            is_whole: self.failed.is_empty(),
            runs: &|handle| inventory.runs(handle),
            deleted: &self.deleted,
            now: self.clock.now(),
        });
    }

    /// Whether a process of it runs.
    pub(super) fn is_running(&self) -> bool {
        self.source.as_ref().is_some_and(Source::is_running)
    }

    /// How many things somebody should know of; what could not be looked at is one each.
    pub(super) fn amiss(&self) -> usize {
        let is_running = self.is_running();
        self.findings.iter().filter(|finding| finding.state.is_amiss(is_running)).count() + self.failed.len()
    }

    /// What `--delete` takes away.
    pub(super) fn that_can_go(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.can_go)
    }
}

/// The record and what is out there.
async fn seen(source: &Source, inventory: &dyn Inventory) -> Result<(OnRecord, Listing), String> {
    let mut record = source.load().await.map_err(Failure::text)?;
    let listing = inventory.list(&record).await.map_err(|error| Chain(&error).to_string())?;
    if source.is_running() {
        // What was launched between the two looks is on record by now: a launch is, before it is called.
        let later = source.load().await.map_err(Failure::text)?;
        record.launches.extend(later.launches);
        if let (Some(tasks), Some(later)) = (&mut record.tasks, later.tasks) {
            tasks.extend(later);
        }
    }
    Ok((record, listing))
}
