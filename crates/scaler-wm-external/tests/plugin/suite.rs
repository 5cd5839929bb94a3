//! The suite of every provider, by way of gRPC.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_conformance::{Fixture, MemoryProvider, MemorySettings, Way, provider_suite};
use scaler_wm_core::{
    Clock, ExitCause, Launch, Launched, Observed, OpenLaunch, Provider, ProviderInfo, Result, Stop, StopAnswer, Tier,
    Timestamp, UnitId,
};
use scaler_wm_external::ExternalProvider;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::served::{Served, at};

/// A provider in memory behind gRPC.
struct Plugin {
    settings: MemorySettings,
    /// Whether each launch has parameters of its own.
    is_frozen_one_by_one: bool,
    folder: TempDir,
    last: Mutex<Option<(MemoryProvider, Served)>>,
}

impl Plugin {
    fn new(settings: MemorySettings) -> Self {
        Self { settings, is_frozen_one_by_one: false, folder: tempfile::tempdir().unwrap(), last: Mutex::default() }
    }
}

#[async_trait]
impl Fixture for Plugin {
    async fn provider(&self) -> Arc<dyn Provider> {
        let memory = MemoryProvider::new(self.settings.clone(), Clock::system());
        let provider: Arc<dyn Provider> = match self.is_frozen_one_by_one {
            true => Arc::new(OneByOne(memory.clone(), AtomicU32::new(0))),
            false => Arc::new(memory.clone()),
        };
        let socket = self.folder.path().join("plugin.sock");
        *self.last.lock().unwrap() = None;
        *self.last.lock().unwrap() = Some((memory, Served::start(provider, &socket)));
        Arc::new(ExternalProvider::start(at(&socket)).await.unwrap())
    }

    async fn kill(&self, unit: &UnitId) {
        let last = self.last.lock().unwrap();
        let (memory, served) = last.as_ref().expect("a check asks for it first");
        // What becomes of its time is told where the plug-in runs.
        let _entered = served.enter();
        memory.kill(unit, ExitCause::Signal(9));
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// A provider whose launches have parameters of their own: their names are in them.
struct OneByOne(MemoryProvider, AtomicU32);

#[async_trait]
impl Provider for OneByOne {
    fn info(&self) -> &ProviderInfo {
        self.0.info()
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let launch = self.0.prepare(count, tier, now)?;
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        Ok(Launch { spec: Bytes::from(format!("{} {number}", launch.id)), ..launch })
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        assert!(launch.spec.starts_with(launch.id.as_str().as_bytes()), "its own name and parameters: {launch:?}");
        self.0.launch(launch).await
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        self.0.observe(open).await
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        self.0.stop(units, how).await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed()
    }

    async fn sweep(&self) -> Result<()> {
        self.0.sweep().await
    }
}

#[tokio::test]
async fn a_provider_behind_grpc_does_what_a_provider_has_to() {
    provider_suite(&Plugin::new(MemorySettings::default())).await;
}

#[tokio::test]
async fn one_whose_launches_are_frozen_one_by_one_does_too() {
    let plugin = Plugin { is_frozen_one_by_one: true, ..Plugin::new(MemorySettings::default()) };
    provider_suite(&plugin).await;
}

#[tokio::test]
async fn a_slow_one_with_lagging_lists_does_too() {
    let mut settings = MemorySettings {
        start_up: Duration::from_millis(300),
        stop_takes: Duration::from_millis(200),
        lag: Duration::from_millis(400),
        ..MemorySettings::default()
    };
    settings.info.list_lag = settings.lag;
    settings.info.observe_every = Duration::from_millis(500);
    provider_suite(&Plugin::new(settings)).await;
}

#[tokio::test]
async fn one_whose_units_cannot_be_asked_does_too() {
    let unsupported = [Way::IfIdle, Way::HandBack, Way::Resume, Way::Hold].into();
    provider_suite(&Plugin::new(MemorySettings { unsupported, ..MemorySettings::default() })).await;
}

#[tokio::test]
async fn what_a_provider_says_of_itself_arrives() {
    let mut settings = MemorySettings::default();
    settings.info = ProviderInfo {
        workers_per_unit: 3.try_into().unwrap(),
        concurrency_per_worker: 5.try_into().unwrap(),
        most_on_order: 7.try_into().unwrap(),
        most_units: scaler_wm_core::Limit::AtMost(9),
        tiers: vec![Tier::from("a"), Tier::from("b")],
        list_lag: Duration::from_millis(1500),
        repeatable_for: Duration::from_secs(60),
        ends_by_itself: true,
        relieves: false,
        ..settings.info
    };
    let plugin = Plugin::new(settings);
    let provider = plugin.provider().await;
    let expected = ProviderInfo { name: "external", ..plugin.settings.info };
    assert_eq!(format!("{:?}", provider.info()), format!("{expected:?}"));
    assert_eq!(provider.place(), "memory");
}
