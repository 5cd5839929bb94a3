//! The journal without a file.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Entry, Journal, Launch, LaunchId, Receipt, Result, Settled, TaskEntry, TaskId, TaskJournal, Ticket, Timestamp,
};

/// A journal that lasts as long as it lives: for tests, and for embedders whose units end with them.
///
/// It never fails.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    launches: Mutex<BTreeMap<LaunchId, Entry>>,
    tasks: Mutex<BTreeMap<TaskId, Option<Bytes>>>,
}

impl MemoryJournal {
    /// A journal with nothing on record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<LaunchId, Entry>> {
        // No change here can stop half-way, so what a panicking thread left is whole.
        self.launches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_record(&self) -> MutexGuard<'_, BTreeMap<TaskId, Option<Bytes>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn open(&self, launch: &Launch) -> Result<()> {
        self.entries()
            .entry(launch.id.clone())
            .and_modify(|entry| entry.launch = launch.clone())
            .or_insert_with(|| Entry { launch: launch.clone(), receipt: None, settled: None, settled_at: None });
        Ok(())
    }

    async fn receipt(&self, launch: &LaunchId, receipt: &Receipt) -> Result<()> {
        if let Some(entry) = self.entries().get_mut(launch) {
            entry.receipt = Some(receipt.clone());
        }
        Ok(())
    }

    async fn settle(&self, launch: &LaunchId, settled: &Settled, at: Timestamp) -> Result<()> {
        if let Some(entry) = self.entries().get_mut(launch) {
            (entry.settled, entry.settled_at) = (Some(settled.clone()), Some(at));
        }
        Ok(())
    }

    async fn forget(&self, launches: &[LaunchId]) -> Result<()> {
        let mut entries = self.entries();
        for launch in launches {
            entries.remove(launch);
        }
        Ok(())
    }

    async fn load(&self) -> Result<Vec<Entry>> {
        let mut entries: Vec<_> = self.entries().values().cloned().collect();
        entries.sort_by_key(|entry| entry.launch.at);
        Ok(entries)
    }
}

#[async_trait]
impl TaskJournal for MemoryJournal {
    async fn handing_over(&self, tasks: &[TaskId]) -> Result<()> {
        let mut on_record = self.on_record();
        for task in tasks {
            on_record.entry(task.clone()).or_default();
        }
        Ok(())
    }

    async fn handed_over(&self, tickets: &[Ticket]) -> Result<()> {
        let mut on_record = self.on_record();
        for ticket in tickets {
            if let Some(handle) = on_record.get_mut(&ticket.task) {
                *handle = Some(ticket.handle.clone());
            }
        }
        Ok(())
    }

    async fn ended(&self, tasks: &[TaskId]) -> Result<()> {
        let mut on_record = self.on_record();
        for task in tasks {
            on_record.remove(task);
        }
        Ok(())
    }

    async fn tasks(&self) -> Result<Vec<TaskEntry>> {
        let entry =
            |(task, handle): (&TaskId, &Option<Bytes>)| TaskEntry { task: task.clone(), handle: handle.clone() };
        Ok(self.on_record().iter().map(entry).collect())
    }
}
