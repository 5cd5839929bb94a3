//! Nothing outlives a simulation: nothing has to be on record.

use async_trait::async_trait;
use scaler_wm_core::{Entry, Journal, Launch, LaunchId, Receipt, Result, Settled, Timestamp};

/// Forgets everything at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn open(&self, _: &Launch) -> Result<()> {
        Ok(())
    }

    async fn receipt(&self, _: &LaunchId, _: &Receipt) -> Result<()> {
        Ok(())
    }

    async fn settle(&self, _: &LaunchId, _: &Settled, _: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn forget(&self, _: &[LaunchId]) -> Result<()> {
        Ok(())
    }

    async fn load(&self) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }
}
