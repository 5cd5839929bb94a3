//! How long a manager takes to know its units again when the one before was killed, by its journal on disk and an
//! infrastructure in memory that answers at once: prints `adopt_units N launches L ms X` lines.

use std::{
    num::NonZeroU32,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use scaler_wm_conformance::{LinkHandle, MemoryLink, MemoryProvider, MemorySettings, settings};
use scaler_wm_core::{
    Clock, Manager, Provider, Result,
    manager::{Status, Summary},
};
use scaler_wm_journal::RedbJournal;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

const UNITS: u32 = 1_000;
/// A wait that takes longer than this is a fault.
const LONGEST: Duration = Duration::from_secs(120);

/// A manager that runs.
struct Running {
    status: watch::Receiver<Arc<Status>>,
    link: LinkHandle,
    task: JoinHandle<Result<Summary>>,
    // Dropped, it would ask the manager to stop.
    _stop: oneshot::Sender<()>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    for batch in [10, 1] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.redb");
        let clock = Clock::system();
        let mut memory = MemorySettings::default();
        memory.info.largest_batch = NonZeroU32::MIN.saturating_add(batch - 1);
        let provider = MemoryProvider::new(memory, clock);
        let mut first = start(&provider, &path, clock)?;
        first.until(|status| status.running == UNITS && status.open == 0).await;
        // What came of the last launches goes on record, too.
        sleep(Duration::from_secs(1)).await;
        first.kill().await;

        let launches = provider.launches().len();
        let began = Instant::now();
        let mut next = start(&provider, &path, clock)?;
        next.until(|status| status.has_looked && status.running == UNITS).await;
        let took = began.elapsed();
        // None too many, and none that was not on record.
        sleep(Duration::from_millis(200)).await;
        assert_eq!(provider.units().len(), UNITS as usize, "the units that were there");
        assert_eq!(provider.launches().len(), launches, "no launch");
        assert!(provider.stops().is_empty(), "no unit was asked to go");
        println!("adopt_units {UNITS} launches {launches} ms {:.2}", took.as_secs_f64() * 1e3);
        next.kill().await;
    }
    Ok(())
}

/// A manager that wants all of them, from the opening of its journal on.
fn start(provider: &MemoryProvider, journal: &Path, clock: Clock) -> Result<Running> {
    let settings = settings("bench", provider.info());
    let journal = Arc::new(RedbJournal::open(journal)?);
    let (link, handle) = MemoryLink::new();
    let manager = Manager::new(settings, Arc::new(provider.clone()), Box::new(link), journal, clock);
    let status = manager.status();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(manager.run(stopped));
    handle.up();
    handle.wish(UNITS);
    Ok(Running { status, link: handle, task, _stop: stop })
}

impl Running {
    async fn until(&mut self, is_so: impl FnMut(&Arc<Status>) -> bool) {
        let reached = timeout(LONGEST, self.status.wait_for(is_so)).await.expect("it is so in time");
        drop(reached.expect("the manager runs"));
    }

    async fn kill(self) {
        self.task.abort();
        // It was aborted, and so there is nothing to hear of it.
        drop(self.task.await);
        drop(self.link);
    }
}
