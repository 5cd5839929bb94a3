//! The journal seam: what was asked of the infrastructure, on record before it is asked.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Launch, LaunchId, Receipt, Result, Settled, Timestamp};

/// One launch as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The launch, whole.
    pub launch: Launch,
    /// The receipt, when units are to follow.
    pub receipt: Option<Receipt>,
    /// The outcome; `None` while it is open.
    pub settled: Option<Settled>,
    /// When that was known; `None` while it is open, and in records of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

impl Entry {
    /// No unit of it is younger, once its outcome is on record.
    #[must_use]
    pub fn settled_since(&self) -> Timestamp {
        // A call may have been repeated for long before that.
        self.settled_at.unwrap_or(self.launch.at)
    }
}

/// Keeps launches on record, from before the call until their units are gone.
///
/// Each method returns when the record would survive a crash of this process and of the machine.
#[async_trait]
pub trait Journal: Send + Sync {
    /// A launch is about to be called.
    ///
    /// # Errors
    /// When it could not be recorded: then it must not be called.
    async fn open(&self, launch: &Launch) -> Result<()>;

    /// The call was answered with a receipt: units will follow.
    ///
    /// # Errors
    /// When it could not be recorded; the launch stays open on record.
    async fn receipt(&self, launch: &LaunchId, receipt: &Receipt) -> Result<()>;

    /// The outcome is known, as of now (`at`).
    ///
    /// # Errors
    /// When it could not be recorded; the launch stays open on record.
    async fn settle(&self, launch: &LaunchId, settled: &Settled, at: Timestamp) -> Result<()>;

    /// Every unit of these launches is gone, or none came.
    ///
    /// # Errors
    /// When the records could not be removed; they stay for the next process to find out. One whose outcome is not on record
    /// either counts as open there.
    async fn forget(&self, launches: &[LaunchId]) -> Result<()>;

    /// Everything on record, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    async fn load(&self) -> Result<Vec<Entry>>;
}
