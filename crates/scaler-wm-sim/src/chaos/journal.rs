//! Records that outlive the manager's processes.

use std::time::Duration;

use async_trait::async_trait;
use scaler_wm_core::{Entry, Error, ErrorKind, Journal, Launch, LaunchId, Receipt, Result, Settled, Timestamp};

use super::{
    Point, Write,
    provider::wait_at,
    world::{Shared, World, look},
};

/// How long a write takes.
const WRITE: Duration = Duration::from_millis(2);

pub(super) struct ChaosJournal(pub(super) Shared);

impl ChaosJournal {
    async fn write(
        &self,
        (before, after): (Point, Point),
        change: impl FnOnce(&mut World) -> Result<()> + Send,
    ) -> Result<()> {
        wait_at(&self.0, before).await;
        tokio::time::sleep(WRITE).await;
        change(&mut look(&self.0))?;
        wait_at(&self.0, after).await;
        Ok(())
    }

    /// Writes what came of a launch, if it is on record.
    async fn came(&self, launch: &LaunchId, what: Write, change: impl FnOnce(&mut Entry) + Send) -> Result<()> {
        let write = |world: &mut World| {
            if world.cannot_write(what) {
                world.orders.unwritten(launch);
                return Err(fails("record what came of a launch"));
            }
            world.records.iter_mut().find(|entry| entry.launch.id == *launch).map(change);
            Ok(())
        };
        self.write((Point::Settling, Point::Settled), write).await
    }
}

fn fails(operation: &'static str) -> Error {
    Error::new(ErrorKind::Failed, operation, "a fault")
}

#[async_trait]
impl Journal for ChaosJournal {
    async fn open(&self, launch: &Launch) -> Result<()> {
        let write = |world: &mut World| {
            if world.cannot_write(Write::Launch) {
                world.orders.closed(&launch.id);
                world.may_end();
                return Err(fails("record a launch"));
            }
            world.records.push(Entry { launch: launch.clone(), receipt: None, settled: None, settled_at: None });
            world.orders.recorded(&launch.id);
            Ok(())
        };
        self.write((Point::Recording, Point::Recorded), write).await
    }

    async fn receipt(&self, launch: &LaunchId, receipt: &Receipt) -> Result<()> {
        self.came(launch, Write::Receipt, |entry| entry.receipt = Some(receipt.clone())).await
    }

    async fn settle(&self, launch: &LaunchId, settled: &Settled, at: Timestamp) -> Result<()> {
        let change = |entry: &mut Entry| (entry.settled, entry.settled_at) = (Some(settled.clone()), Some(at));
        self.came(launch, Write::Outcome, change).await
    }

    async fn forget(&self, launches: &[LaunchId]) -> Result<()> {
        let remove = |world: &mut World| {
            if world.cannot_write(Write::End) {
                world.unforgotten.extend(launches.iter().cloned());
                launches.iter().for_each(|launch| world.orders.unwritten(launch));
                // Whose units end with their process forgets at its beginning what is on record, or does not begin.
                if !world.setup.outlives && !world.life.has_looked {
                    world.may_end();
                }
                return Err(fails("remove a record"));
            }
            world.records.retain(|entry| !launches.contains(&entry.launch.id));
            Ok(())
        };
        self.write((Point::Forgetting, Point::Forgotten), remove).await
    }

    async fn load(&self) -> Result<Vec<Entry>> {
        wait_at(&self.0, Point::Loading).await;
        tokio::time::sleep(WRITE).await;
        wait_at(&self.0, Point::Loaded).await;
        let mut world = look(&self.0);
        let entries = world.records.clone();
        // Records of units that end with their process are forgotten.
        let outlives = world.setup.outlives;
        for entry in entries.iter().filter(|_| outlives) {
            match &entry.settled {
                Some(settled) => {
                    world.orders.closed(&entry.launch.id);
                    // Seen or not, these are there as far as it can know.
                    settled.units.iter().for_each(|unit| world.life.recalls(unit));
                }
                None if entry.receipt.is_some() || world.may_repeat(&entry.launch) => {
                    world.orders.reopened(&entry.launch.id, entry.receipt.is_some());
                }
                None => world.orders.given_up(&entry.launch.id),
            }
        }
        Ok(entries)
    }
}
