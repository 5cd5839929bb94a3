//! What the provider shares with the task that watches the plug-in.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use scaler_wm_core::{Clock, Result, Token, Unit};
use tokio::sync::watch;
use tracing::warn;

use crate::{
    ExternalConfig, PROTOCOL,
    book::Book,
    client::Client,
    convert::{Described, described, unit},
    v1,
};

/// The locks are held for moments only.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) config: ExternalConfig,
    pub(crate) described: Mutex<Described>,
    pub(crate) book: Mutex<Book>,
    /// Tokens of launches that were prepared here and have never been sent.
    pub(crate) fresh: Mutex<HashSet<Token>>,
    pub(crate) ticks: watch::Sender<u64>,
    pub(crate) clock: Clock,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a plug-in is asked about itself.
pub(crate) fn question(config: &ExternalConfig) -> v1::InfoRequest {
    v1::InfoRequest {
        protocol: PROTOCOL,
        manager: config.manager.as_str().to_owned(),
        workers: Some(config.workers.clone()),
        options: config.options.clone().into_iter().collect(),
    }
}

impl Shared {
    pub(crate) fn manager(&self) -> String {
        self.config.manager.as_str().to_owned()
    }

    pub(crate) fn watch_request(&self) -> v1::WatchChangesRequest {
        v1::WatchChangesRequest { manager: self.manager() }
    }

    pub(crate) fn tick(&self) {
        self.ticks.send_modify(|version| *version += 1);
    }

    /// What the plug-in is now.
    pub(crate) async fn ask(&self) -> Result<Described> {
        self.client.info(question(&self.config)).await.and_then(described)
    }

    /// Takes over what a plug-in that has come back says of itself, but for what the loop relies on.
    pub(crate) fn renew(&self, now: Described) {
        let mut before = lock(&self.described);
        let shape = |described: &Described| {
            let info = &described.info;
            let tiers = info.tiers.clone();
            (info.workers_per_unit, info.concurrency_per_worker, info.idempotent, info.largest_batch, tiers)
        };
        if shape(&before) != shape(&now) {
            warn!(
                before = ?before.info,
                now = ?now.info,
                "the plug-in is another one than before: this manager goes on as it was; restart it to take that over"
            );
            return;
        }
        *before = now;
    }

    /// The units of an answer that are to be passed on.
    pub(crate) fn read(&self, units: Vec<v1::ProviderUnit>) -> (Vec<Unit>, Option<String>) {
        let now = self.clock.now();
        let first = lock(&self.described).info.tiers.first().cloned().unwrap_or_default();
        let mut problem = None;
        let mut read = Vec::with_capacity(units.len());
        for message in units {
            match unit(message, &first, now) {
                Ok(unit) => read.push(unit),
                Err(words) => problem = Some(words),
            }
        }
        (read, problem)
    }
}
