//! The journal in a file.

use std::{
    fmt,
    path::{Path, PathBuf},
    thread::JoinHandle,
};

use async_trait::async_trait;
use scaler_wm_core::{
    Entry, Journal, Launch, LaunchId, Receipt, Result, Settled, TaskEntry, TaskId, TaskJournal, Ticket, Timestamp,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    failure,
    store::{Change, News, TaskNews},
    writer::{self, Request},
};

/// A journal in one file, which survives a crash of the process and of the machine.
///
/// Calls made at the same time share one write to the disk. A call that is dropped before it returns may be recorded
/// all the same. Dropping the journal waits for the write under way, so that the file can be opened again at once.
pub struct RedbJournal {
    path: PathBuf,
    // None only while dropping: the thread ends when the sender is gone.
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl RedbJournal {
    /// Opens the journal in the file `path`, which is made with mode 0600 when it is not there.
    ///
    /// Blocks while the file is read and checked: milliseconds, unless the disk is slow.
    ///
    /// # Errors
    /// When another process has it open, when it is no journal, is damaged or needs a newer scaler-wm, when its
    /// directory is not there, and when the operating system refuses.
    pub fn open(path: &Path) -> Result<Self> {
        let (requests, thread) = writer::start(path)?;
        Ok(Self { path: path.to_owned(), requests: Some(requests), thread: Some(thread) })
    }

    /// The file of this journal, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn change(&self, operation: &'static str, change: Change) -> Result<()> {
        self.ask(operation, |answer| Request::Change(change, answer)).await
    }

    async fn ask<T>(
        &self,
        operation: &'static str,
        request: impl FnOnce(oneshot::Sender<Result<T>>) -> Request + Send,
    ) -> Result<T> {
        let ended = || failure::ended(operation, &self.path);
        let (answer, answered) = oneshot::channel();
        self.requests.as_ref().ok_or_else(ended)?.send(request(answer)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

#[async_trait]
impl Journal for RedbJournal {
    async fn open(&self, launch: &Launch) -> Result<()> {
        self.change("record a launch", Change::Launch(launch.id.clone(), News::Open(launch.clone()))).await
    }

    async fn receipt(&self, launch: &LaunchId, receipt: &Receipt) -> Result<()> {
        self.change("record a receipt", Change::Launch(launch.clone(), News::Receipt(receipt.clone()))).await
    }

    async fn settle(&self, launch: &LaunchId, settled: &Settled, at: Timestamp) -> Result<()> {
        self.change("record an outcome", Change::Launch(launch.clone(), News::Settled(settled.clone(), at))).await
    }

    async fn forget(&self, launches: &[LaunchId]) -> Result<()> {
        if launches.is_empty() {
            return Ok(());
        }
        self.change("forget launches", Change::Forget(launches.to_vec())).await
    }

    async fn load(&self) -> Result<Vec<Entry>> {
        self.ask("read the journal", Request::Load).await
    }
}

#[async_trait]
impl TaskJournal for RedbJournal {
    async fn handing_over(&self, tasks: &[TaskId]) -> Result<()> {
        if tasks.is_empty() {
            return Ok(());
        }
        self.change("record tasks", Change::Tasks(TaskNews::HandingOver(tasks.to_vec()))).await
    }

    async fn handed_over(&self, tickets: &[Ticket]) -> Result<()> {
        if tickets.is_empty() {
            return Ok(());
        }
        self.change("record where tasks run", Change::Tasks(TaskNews::HandedOver(tickets.to_vec()))).await
    }

    async fn ended(&self, tasks: &[TaskId]) -> Result<()> {
        if tasks.is_empty() {
            return Ok(());
        }
        self.change("forget tasks", Change::Tasks(TaskNews::Ended(tasks.to_vec()))).await
    }

    async fn tasks(&self) -> Result<Vec<TaskEntry>> {
        self.ask("read the journal", Request::Tasks).await
    }
}

impl fmt::Debug for RedbJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbJournal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for RedbJournal {
    fn drop(&mut self) {
        drop(self.requests.take());
        // A thread that panicked has said so; there is nobody left to tell.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
