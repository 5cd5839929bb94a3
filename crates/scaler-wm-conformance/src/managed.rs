//! A manager at work over the provider of a test.

use std::sync::Arc;
use std::time::Duration;

use scaler_wm_core::{
    Capabilities, Clock, Journal, Limit, Manager, Provider, Result, Sizing,
    manager::{Settings, Summary},
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::{LinkHandle, MemoryLink, settings};

/// Longer than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_secs(400);

/// A manager of the name `m1` over any provider, whose scheduler is in memory and there from the beginning. It neither waits
/// before it lets units go nor spreads queues.
#[derive(Debug)]
pub struct Managed {
    link: LinkHandle,
    /// The task concurrency of one unit.
    of_unit: u32,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary>>,
}

impl Managed {
    /// Starts it in a task of its own; `units` are the most that it may have.
    #[must_use]
    pub fn start<P: Provider + 'static>(provider: P, units: Option<u32>, journal: Arc<dyn Journal>) -> Self {
        let (link, handle) = MemoryLink::new();
        let info = provider.info();
        let of_unit = info.concurrency_per_unit().get();
        let unlimited = Settings { rebalances: false, ..settings("m1", info) };
        let settings = match units {
            Some(units) => {
                let limit = Limit::AtMost(units * of_unit);
                Settings { sizing: Sizing::new(limit, info, Capabilities::default()), ..unlimited }
            }
            None => unlimited,
        };
        let manager = Manager::new(settings, Arc::new(provider), Box::new(link), journal, Clock::system());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(manager.run(stopped));
        handle.up();
        Self { link: handle, of_unit, stop, running }
    }

    /// So many units are wanted from now on.
    pub fn wish(&self, units: u32) {
        self.link.wish(units * self.of_unit);
    }

    /// Tells it to stop, and waits for that.
    ///
    /// # Errors
    ///
    /// What it ends with.
    ///
    /// # Panics
    ///
    /// Where it panicked.
    pub async fn end(self) -> Result<Summary> {
        drop(self.stop);
        self.running.await.expect("the manager did not panic")
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    ///
    /// What it ends with.
    ///
    /// # Panics
    ///
    /// Where it panicked.
    pub async fn ended(self) -> Result<Summary> {
        let outcome = self.running.await.expect("the manager did not panic");
        // Only now: to drop it is to tell it to stop.
        drop(self.stop);
        outcome
    }

    /// Kills it: nothing of it happens any more.
    pub async fn kill(self) {
        self.running.abort();
        drop(self.running.await);
    }
}

/// Waits until there are as many as there should be.
///
/// # Panics
///
/// When that takes more than 400 s.
pub async fn until(count: usize, there: impl Fn() -> usize) {
    let all = async {
        while there() != count {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let outcome = timeout(PATIENCE, all).await;
    assert!(outcome.is_ok(), "{} instead of {count}", there());
}
