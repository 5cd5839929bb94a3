//! A manager that runs, and everything around it.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use scaler_wm_conformance::{LinkHandle, MemoryLink, MemoryProvider, MemorySettings};
use scaler_wm_control::metrics::Build;
use scaler_wm_core::{
    Capabilities, Clock, ErrorKind, Launch, Launched, Limit, LinkEvent, LinkFacts, Manager, ManagerId, Observed,
    OpenLaunch, Provider, ProviderInfo, Result, SchedulerLink, Sizing, Stop, StopAnswer, Tier, Timestamp, UnitId,
    WorkerId,
    control::{CallFigures, Control, Histogram, Seat, pair},
    manager::{Settings, Status, Summary},
    policy::{Budget, Ledger, Pricing},
};
use scaler_wm_journal::MemoryJournal;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// A name that has to be escaped where it is a label.
pub(crate) const NAME: &str = "under \"test\"";

pub(crate) struct Bench {
    pub(crate) provider: MemoryProvider,
    pub(crate) link: LinkHandle,
    pub(crate) control: Control,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary>>,
}

/// What a process was built of, for tests.
pub(crate) fn build() -> Build {
    Build { version: "1.2.3", features: vec!["native", "tls"], wire_versions: vec![1, 2] }
}

/// The control of a manager that has not begun, with what it is begun by.
pub(crate) fn not_begun() -> (Control, Seat) {
    pair(ManagerId::from(NAME))
}

impl Bench {
    /// A manager whose scheduler has not answered.
    pub(crate) fn start() -> Self {
        let (control, seat) = not_begun();
        Self::start_with(control, seat)
    }

    /// A manager of this name, of up to so many units.
    pub(crate) fn named(name: &str, most: u32) -> Self {
        let (control, seat) = pair(ManagerId::from(name));
        Self::start_sized(control, seat, most)
    }

    pub(crate) fn start_with(control: Control, seat: Seat) -> Self {
        Self::start_sized(control, seat, 8)
    }

    fn start_sized(control: Control, seat: Seat, most: u32) -> Self {
        let clock = Clock::system();
        let mut memory = MemorySettings::default();
        if let Some(most) = NonZeroU32::new(most) {
            memory.info.largest_batch = memory.info.largest_batch.max(most);
            memory.info.most_on_order = memory.info.most_on_order.max(most);
        }
        let provider = MemoryProvider::new(memory, clock);
        let (link, handle) = MemoryLink::new();
        let manager = control.manager().clone();
        // Enough for all of them.
        let per_hour = 0.5 * f64::from(most);
        let budget = Budget { per_hour: Some(per_hour), per_day: Some(10.0 * per_hour) };
        let ledger = Ledger::new(Pricing { budget, prices: vec![(manager.clone(), 0.5)] });
        let settings = Settings {
            sizing: Sizing::new(Limit::AtMost(most), provider.info(), Capabilities::default()),
            manager,
            scale_down_cooldown: Duration::ZERO,
            drain_timeout: Duration::from_secs(300),
            stop_timeout: Duration::from_secs(10),
            rebalances: true,
            keeps_units: false,
            ledger: Some(Arc::new(ledger)),
            seed: 7,
        };
        let counted = Arc::new(Counted { inner: provider.clone(), calls: Mutex::new(calls()) });
        let link = Box::new(Lagging(link));
        let running = Manager::new(settings, counted, link, Arc::<MemoryJournal>::default(), clock).seated(seat);
        let (stop, stopped) = oneshot::channel();
        Self { provider, link: handle, control, stop, running: tokio::spawn(running.run(stopped)) }
    }

    /// Waits for a status of which this holds.
    pub(crate) async fn until(&self, holds: impl FnMut(&Arc<Status>) -> bool) {
        let mut status = self.control.watch();
        let seen = tokio::time::timeout(Duration::from_secs(600), status.wait_for(holds)).await;
        drop(seen.expect("it happens in time").expect("the manager runs"));
    }

    /// Waits until this many units are up, and no more are there.
    pub(crate) async fn until_units(&self, count: usize) {
        self.until(|status| status.units.len() == count && status.running as usize == count).await;
    }

    /// Waits for an end that comes by itself.
    pub(crate) async fn ended(self) -> Summary {
        // Held until then: dropped, it would ask the manager to stop.
        let stop = self.stop;
        let summary = self.running.await.expect("it does not panic").expect("it ends well");
        drop(stop);
        summary
    }

    pub(crate) async fn stop(self) -> Summary {
        // It may have ended by itself.
        let _ = self.stop.send(());
        self.running.await.expect("it does not panic").expect("it ends well")
    }
}

/// What calls an infrastructure has seen.
fn calls() -> Vec<CallFigures> {
    let mut seconds = Histogram::default();
    [3, 40, 700_000].map(|millis| seconds.add(Duration::from_millis(millis))).into_iter().for_each(drop);
    let failed = [(ErrorKind::Throttled, 2), (ErrorKind::NoCapacity, 1)].into();
    let idle = CallFigures { operation: "StopTask", ..CallFigures::default() };
    vec![CallFigures { operation: "RunTask", sent: 3, failed, seconds }, idle]
}

/// An infrastructure that counts its calls.
struct Counted {
    inner: MemoryProvider,
    calls: Mutex<Vec<CallFigures>>,
}

#[async_trait]
impl Provider for Counted {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        self.inner.prepare(count, tier, now)
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        self.inner.launch(launch).await
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        self.inner.observe(open).await
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        self.inner.stop(units, how).await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed()
    }

    async fn sweep(&self) -> Result<()> {
        self.inner.sweep().await
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.calls.lock().expect("nobody panicked with it").clone()
    }

    fn place(&self) -> String {
        "a test\nin memory".to_owned()
    }
}

/// A link whose other side takes its time.
struct Lagging(MemoryLink);

#[async_trait]
impl SchedulerLink for Lagging {
    async fn next(&mut self) -> LinkEvent {
        self.0.next().await
    }

    fn worker_gone(&self, worker: WorkerId) {
        self.0.worker_gone(worker);
    }

    fn facts(&self) -> LinkFacts {
        let peer = Some("tcp://127.0.0.1:1".into());
        LinkFacts { peer, lag: Some(Duration::from_millis(250)), ..LinkFacts::default() }
    }
}
