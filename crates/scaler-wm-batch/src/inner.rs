//! What the executor shares with all that works for it: clients, the book of tasks, and who is told of their ends.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_sdk_batch::Client as SdkBatch;
use aws_sdk_cloudwatchlogs::Client as SdkLogs;
use aws_sdk_s3::Client as SdkS3;
use scaler_wm_aws::{Caller, Calls};
use scaler_wm_core::{Backoff, BackoffSettings, Chain, Completion, TaskJournal};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tracing::warn;

use crate::{BatchConfig, book::Book, client::BatchClient, failure::Logs, objects::Objects};

/// How the wait grows between two tries to delete objects.
const DELETED_AGAIN: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(500), longest: Duration::from_secs(15) };

/// What all work for an executor shares.
pub(crate) struct Inner {
    pub(crate) config: BatchConfig,
    pub(crate) batch: BatchClient,
    pub(crate) objects: Objects,
    pub(crate) logs: Logs,
    pub(crate) journal: Arc<dyn TaskJournal>,
    calls: Calls,
    book: Mutex<Book>,
    /// Counts what moves in the book.
    moves: watch::Sender<u64>,
    tell: mpsc::UnboundedSender<Completion>,
    /// Whether the last result that was found was compressed: others of its kind are, too.
    is_compressed: AtomicBool,
}

impl Inner {
    pub(crate) fn new(
        config: BatchConfig,
        journal: Arc<dyn TaskJournal>,
        (batch, s3, logs): (SdkBatch, SdkS3, SdkLogs),
        tell: mpsc::UnboundedSender<Completion>,
    ) -> Self {
        let calls = Calls::default();
        let caller = Caller::new(calls.clone());
        Self {
            batch: BatchClient::new(batch, caller.clone(), &config),
            objects: Objects::new(s3, caller.clone(), &config),
            logs: Logs::new(logs, caller),
            config,
            journal,
            calls,
            book: Mutex::default(),
            moves: watch::Sender::new(0),
            tell,
            is_compressed: AtomicBool::new(false),
        }
    }

    /// The calls so far.
    pub(crate) const fn calls(&self) -> &Calls {
        &self.calls
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// Something in the book has moved.
    pub(crate) fn moved(&self) {
        self.moves.send_modify(|moves| *moves += 1);
    }

    /// Changes whenever something in the book moves.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.moves.subscribe()
    }

    pub(crate) fn tell(&self, completion: Completion) {
        // Fails only at our end.
        drop(self.tell.send(completion));
    }

    /// Whether results are looked for compressed or plain, the likelier first.
    pub(crate) fn likelier_first(&self) -> [bool; 2] {
        let is_compressed = self.is_compressed.load(Ordering::Relaxed);
        [is_compressed, !is_compressed]
    }

    /// A result was found, compressed or not.
    pub(crate) fn found(&self, is_compressed: bool) {
        self.is_compressed.store(is_compressed, Ordering::Relaxed);
    }

    /// Deletes objects, however long it takes until the bucket answers. What may not be deleted is left to the bucket's
    /// lifecycle rule.
    pub(crate) async fn delete(&self, mut keys: Vec<String>) {
        let mut backoff = Backoff::new(DELETED_AGAIN, fastrand::u64(..));
        while let Err((left, error)) = self.objects.delete(keys).await {
            let count = left.len();
            if !error.kind().is_retryable() {
                warn!(objects = count, error = %Chain(&error), "objects stay in the bucket");
                return;
            }
            let wait = backoff.failed();
            if backoff.failures() == 1 {
                warn!(objects = count, error = %Chain(&error), "objects cannot be deleted: will try again");
            }
            sleep(wait).await;
            keys = left;
        }
    }
}

pub(crate) fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // No change here can stop half-way, so what a panicking thread left is whole.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
